//! A small town of clients, one request at a time: who they are, in which lane, what they do when a request fails, and what the service was like
//! when they came. Nothing here is shared with the grid's worlds.

/// PCG (O'Neill 2014): 64 bits of state, 32 of output.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(0x5851_F42D));
        for _ in 0..8 {
            dice.roll();
        }
        dice
    }

    fn roll(&mut self) -> u32 {
        let old = self.0;
        self.0 = old.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((old >> 18) ^ old) >> 27) as u32
    }

    /// Strictly between 0 and 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (f64::from(self.roll()) + 0.5) / 4_294_967_296.0
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn yes(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// With this mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.unit().ln()
    }

    /// Marsaglia's polar method.
    pub(crate) fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * s.ln() / s).sqrt();
            }
        }
    }

    fn swapped<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.roll() as usize % (at + 1));
        }
    }
}

/// What the town and its service are like. All shares are 0 to 1; `fault` is what is wrong with the canary.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    /// Canary requests a second in the first stage.
    pub(crate) rate: f64,
    /// Shares of traffic in percent, and seconds.
    pub(crate) steps: Vec<(u32, u32)>,
    pub(crate) clients: usize,
    /// The k-th client asks as often as `1 / k^zipf`.
    pub(crate) zipf: f64,
    /// The share of requests that fails in calm times.
    pub(crate) errors: f64,
    /// An error is so many requests of its client at once, on average.
    pub(crate) burst: f64,
    /// A client that fails tries again with this probability, so many seconds later, each time so many times longer; and fails again with the last one's.
    pub(crate) again: Option<(f64, f64, f64, f64)>,
    /// Median in milliseconds and deviation of the logarithm.
    pub(crate) latency: (f64, f64),
    /// This share of requests takes so many times as long: another kind of page.
    pub(crate) heavy: (f64, f64),
    /// Both fail so much more for a while, and are so many times slower: begin, seconds, share, times.
    pub(crate) incidents: Vec<(i32, i32, f64, f64)>,
    /// In the end errors are so many times as many, and latency so many times as long.
    pub(crate) drift: (f64, f64),
    /// Traffic and errors swing by so much, over so many seconds.
    pub(crate) day: (f64, f64),
    /// Latency of both wanders together (deviation of the logarithm), over 20 s.
    pub(crate) moody: f64,
    /// Each version stands still for 1 to 4 s, so many seconds apart on average.
    pub(crate) stalls: Option<f64>,
    /// The canary is three times slower for its first so many seconds.
    pub(crate) cold_s: i32,
    /// The canary is restarted then: nobody answers for 2 s, and 15 s are slow.
    pub(crate) restarts: Vec<i32>,
    /// One client asks so often a second, of which this share fails: anywhere, or in the canary's first lane.
    pub(crate) hammer: Option<(f64, f64, bool)>,
    pub(crate) fault: Fault,
}

/// What is wrong with the canary.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fault {
    /// So many more of its requests fail.
    pub(crate) errors: f64,
    /// It is so many times slower; 0 is 1.
    pub(crate) slower: f64,
    /// This share takes so many times as long.
    pub(crate) tail: (f64, f64),
    /// It begins then, and grows for so many seconds.
    pub(crate) from_s: i32,
    pub(crate) grows_s: i32,
    /// It is there in the first so many of each so many seconds only.
    pub(crate) now_and_then: Option<(i32, i32)>,
    /// All of one in so many clients; nobody else.
    pub(crate) clients_each: Option<usize>,
}

pub(crate) const LANES: usize = 10;
pub(crate) const PAST_S: i32 = 600;
pub(crate) const EDGES: [f64; 20] = [
    2., 4., 7., 12., 20., 33., 50., 70., 95., 130., 180., 250., 350., 500., 700., 1_000., 1_500., 2_500.,
    5_000., 10_000.,
];

/// What one version had in a second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Had {
    pub(crate) n: u64,
    pub(crate) err: u64,
    pub(crate) lanes: u16,
    pub(crate) err_lanes: u16,
}

/// What was recorded: the past, then both versions second by second and each ten seconds.
pub(crate) struct Recorded {
    pub(crate) pre: (Had, u64, u64),
    pub(crate) pre_hist: Vec<u64>,
    pub(crate) sec: Vec<[Had; 2]>,
    pub(crate) lat: Vec<[Vec<u64>; 2]>,
}

struct Client {
    lane: usize,
    number: usize,
}

struct Asks {
    client: usize,
    tries: i32,
    fails: Option<f64>,
}

impl Town {
    pub(crate) fn usual(rate: f64, errors: f64) -> Self {
        Self {
            rate,
            steps: vec![(10, 600), (50, 600), (100, 600)],
            clients: 4_000,
            zipf: 0.5,
            errors,
            burst: 1.0,
            again: None,
            latency: (70.0, 0.7),
            heavy: (0.1, 4.0),
            incidents: Vec::new(),
            drift: (1.0, 1.0),
            day: (0.0, 1.0),
            moody: 0.0,
            stalls: None,
            cold_s: 0,
            restarts: Vec::new(),
            hammer: None,
            fault: Fault::default(),
        }
    }

    pub(crate) fn planned_s(&self) -> i32 {
        self.steps.iter().map(|(_, seconds)| *seconds as i32).sum()
    }

    fn share(&self, at: i32) -> u32 {
        let mut end = 0;
        for (share, seconds) in &self.steps {
            end += *seconds as i32;
            if at < end {
                return *share;
            }
        }
        100
    }

    /// How far the canary's fault is there, 0 to 1.
    fn ill(&self, at: i32, client: &Client) -> f64 {
        let fault = &self.fault;
        let there = fault.clients_each.is_none_or(|each| client.number.is_multiple_of(each))
            && fault.now_and_then.is_none_or(|(first, of)| at.rem_euclid(of) < first);
        match (at - fault.from_s, there) {
            (0.., true) => (f64::from(at - fault.from_s + 1) / f64::from(fault.grows_s.max(1))).min(1.0),
            _ => 0.0,
        }
    }

    pub(crate) fn live(&self, seed: u64) -> Recorded {
        let mut dice = Dice::new(seed);
        let mut lane_of: Vec<usize> = (0..LANES).collect();
        dice.swapped(&mut lane_of);
        let mut so_far = 0.0;
        let mut clients = Vec::with_capacity(self.clients + 1);
        let mut weights = Vec::with_capacity(self.clients);
        for number in 0..self.clients {
            so_far += 1.0 / ((number + 1) as f64).powf(self.zipf);
            weights.push(so_far);
            clients.push(Client { lane: (dice.roll() >> 7) as usize % LANES, number });
        }
        let hammer_lane = match self.hammer {
            Some((_, _, true)) => lane_of.iter().position(|rank| *rank == 0).unwrap_or(0),
            _ => (dice.roll() >> 5) as usize % LANES,
        };
        clients.push(Client { lane: hammer_lane, number: 1 });

        let end = self.planned_s();
        let all = (end + PAST_S) as usize;
        let mut later: Vec<Vec<Asks>> = (0..all).map(|_| Vec::new()).collect();
        let mut out = Recorded {
            pre: Default::default(),
            pre_hist: vec![0; EDGES.len() + 1],
            sec: Vec::new(),
            lat: Vec::new(),
        };
        let stands = [self.standstills(&mut dice), self.standstills(&mut dice)];
        let mut mood = 0.0;
        let mut row = [vec![0; EDGES.len() + 1], vec![0; EDGES.len() + 1]];
        for at in -PAST_S..end {
            let second = (at + PAST_S) as usize;
            let swing = 1.0 + self.day.0 * (std::f64::consts::TAU * f64::from(at) / self.day.1).sin();
            let grown = f64::from(at.max(0)) / f64::from(end.max(1));
            let (mut more, mut times) = (0.0_f64, 1.0 + (self.drift.1 - 1.0) * grown);
            for (begin, lasts, share, slow) in &self.incidents {
                if (*begin..begin + lasts).contains(&at) {
                    more = more.max(*share);
                    times *= slow;
                }
            }
            mood = 0.95 * mood + self.moody * 0.312 * dice.normal();
            times *= f64::exp(mood);
            let calm = self.errors / self.tries() * swing * (1.0 + (self.drift.0 - 1.0) * grown);

            let mut now = std::mem::take(&mut later[second]);
            let mut left = dice.exponential(1.0);
            let busy = self.rate * 10.0 * swing;
            while left < busy {
                left += dice.exponential(1.0);
                let place = dice.unit() * so_far;
                let client = weights.partition_point(|weight| *weight < place).min(self.clients - 1);
                now.push(Asks { client, tries: 0, fails: None });
            }
            if let Some((often, fails, _)) = self.hammer.filter(|_| at >= 0) {
                let times = often.floor() as usize + usize::from(dice.yes(often.fract()));
                (0..times)
                    .for_each(|_| now.push(Asks { client: self.clients, tries: 99, fails: Some(fails) }));
            }
            let mut had = [Had::default(); 2];
            let lanes = (self.share(at) / 10) as usize;
            let mut asked = 0;
            while asked < now.len() {
                let Asks { client: who, tries, fails } = now[asked];
                asked += 1;
                let client = &clients[who];
                let canary = at >= 0 && lane_of[client.lane] < lanes;
                let ill = if canary { self.ill(at, client) } else { 0.0 };
                let restart = self
                    .restarts
                    .iter()
                    .map(|then| at - then)
                    .find(|since| canary && (0..17).contains(since));
                let stood = stands[usize::from(canary)]
                    .iter()
                    .find(|(from, until)| f64::from(at) + 1.0 > *from && f64::from(at) < *until);

                let p = fails.unwrap_or(calm).max(more);
                let p = p + (1.0 - p) * self.fault.errors * ill;
                let failed = dice.yes(p) || restart.is_some_and(|since| since < 2);
                let mut ms = self.latency.0 * times * (self.latency.1 * dice.normal()).exp();
                if dice.yes(self.heavy.0) {
                    ms *= self.heavy.1;
                }
                if self.fault.slower > 0.0 {
                    ms *= 1.0 + (self.fault.slower - 1.0) * ill;
                }
                if dice.yes(self.fault.tail.0 * ill) {
                    ms *= self.fault.tail.1;
                }
                if (canary && at < self.cold_s) || restart.is_some() {
                    ms *= 3.0;
                }
                if let Some((from, until)) = stood {
                    let came = f64::from(at) + dice.unit();
                    if came > *from && came < *until {
                        ms += (until - came) * 1_000.0;
                    }
                }

                let had = &mut had[usize::from(canary)];
                had.n += 1;
                had.lanes |= 1 << client.lane;
                if failed {
                    had.err += 1;
                    had.err_lanes |= 1 << client.lane;
                    if tries == 0 && self.burst > 1.0 {
                        while dice.yes(1.0 - 1.0 / self.burst) {
                            now.push(Asks { client: who, tries: 99, fails: Some(1.0) });
                        }
                    }
                    if let Some((again, after, longer, fails)) = self.again.filter(|_| tries < 12)
                        && dice.yes(again)
                    {
                        let wait = dice.exponential(after * longer.powi(tries)).max(1.0) as usize;
                        if let Some(then) = later.get_mut(second + wait) {
                            then.push(Asks { client: who, tries: tries + 1, fails: Some(fails) });
                        }
                    }
                }
                row[usize::from(canary)][EDGES.partition_point(|edge| *edge <= ms)] += 1;
            }
            if at < 0 {
                let (sum, lanes, err_lanes) = &mut out.pre;
                sum.n += had[0].n;
                sum.err += had[0].err;
                *lanes += u64::from(had[0].lanes.count_ones());
                *err_lanes += u64::from(had[0].err_lanes.count_ones());
                if at == -1 {
                    out.pre_hist = std::mem::replace(&mut row[0], vec![0; EDGES.len() + 1]);
                }
            } else {
                out.sec.push(had);
                if at % 10 == 9 {
                    out.lat.push(std::mem::replace(
                        &mut row,
                        [vec![0; EDGES.len() + 1], vec![0; EDGES.len() + 1]],
                    ));
                }
            }
        }
        out
    }

    /// Requests that one fault fails on average.
    fn tries(&self) -> f64 {
        let again = self.again.map_or(0.0, |(again, _, _, fails)| again * fails);
        self.burst / (1.0 - again)
    }

    fn standstills(&self, dice: &mut Dice) -> Vec<(f64, f64)> {
        let Some(apart) = self.stalls else { return Vec::new() };
        let (mut at, mut all) = (-f64::from(PAST_S), Vec::new());
        while at < f64::from(self.planned_s()) {
            at += dice.exponential(apart);
            let lasts = dice.between(1.0, 4.0);
            all.push((at, at + lasts));
            at += lasts;
        }
        all
    }
}
