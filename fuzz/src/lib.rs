//! The fuzz targets, and the code that they share: the format of inputs, the C functions, and a
//! plain model to compare them with. `README.md` says what each target compares.

pub mod calls;
pub mod injection;
pub mod verify;

#[expect(unsafe_code, reason = "calls C functions")]
mod c;
mod input;
mod model;
mod peer;
