//! Adapters: one folder per provider, each serving ports of the engine. They know their provider and the engine's
//! words, and nothing of chat. `git` reads code wherever git can reach it, `local` is the platform built in, `sim` is a
//! world to rehearse in.

pub mod git;
pub mod local;
pub mod sim;
