//! Being asked to stop: SIGTERM and SIGINT wake one waiting thread, and everybody can see that we are draining.

use std::io::Read;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const NO_PIPE: RawFd = -1;

static DRAINING: AtomicBool = AtomicBool::new(false);
static WAKE_PIPE: AtomicI32 = AtomicI32::new(NO_PIPE);

// The standard library links the C library but catches no signals, so these two are declared by hand.
extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn write(file: i32, bytes: *const u8, count: usize) -> isize;
}

/// Only what is allowed inside a signal handler: a flag, and one byte into a pipe.
extern "C" fn on_signal(_number: i32) {
    DRAINING.store(true, Ordering::SeqCst);
    let byte = 1u8;
    unsafe { write(WAKE_PIPE.load(Ordering::SeqCst), &byte, 1) };
}

pub fn is_draining() -> bool {
    DRAINING.load(Ordering::SeqCst)
}

/// Calls `then` on a thread of its own once the process is asked to stop.
pub fn when_asked(then: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let (mut waiting, waking) = UnixStream::pair().map_err(|error| format!("cannot make a pipe: {error}"))?;
    WAKE_PIPE.store(waking.as_raw_fd(), Ordering::SeqCst);
    for number in [SIGTERM, SIGINT] {
        unsafe { signal(number, on_signal) };
    }
    std::thread::spawn(move || {
        let _ = waiting.read_exact(&mut [0]);
        drop(waking);
        then();
    });
    Ok(())
}
