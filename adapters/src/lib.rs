//! Adapters: one folder per provider, each serving ports of the engine. They know their provider and the engine's
//! words, and nothing of chat. `git` reads code wherever git can reach it, `local` is the platform built in, `sim` plays
//! a platform in memory for tests and rehearsals.

pub mod git;
pub mod local;
pub mod sim;
