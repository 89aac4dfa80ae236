//! A second library written in Rust. It uses the allocator and stops a panic, as
//! captoken does, with its own copy of the standard library.

use std::panic;

#[no_mangle]
pub extern "C" fn other_sum(last: u64) -> u64 {
    let sum = || {
        assert!(last < 1000, "a panic that is stopped");
        let numbers: Vec<u64> = (1..=last).collect();
        numbers.iter().sum()
    };
    panic::catch_unwind(sum).unwrap_or(0)
}
