//! Photos of cars, drawn: a calm flat illustration instead of a camera.
//!
//! **Invariants:** a [`Name`] says all that is drawn, so a picture needs no storage and looks the same everywhere; the same
//! car has the same place, rims and upholstery in all its pictures.
//!
//! **Units:** everything is laid out on 1600 × 1200 units, see [`canvas`].

mod backdrop;
mod bodies;
mod canvas;
mod dashboard;
mod ends;
mod name;
mod seats;
mod side;

use self::canvas::Canvas;
pub(super) use self::name::{Body, Name, Paint, View};

/// How wide a picture may be, in pixels.
const WIDTHS: std::ops::RangeInclusive<u32> = 16..=1600;

/// The PNG of a photo, 4:3 and `width` pixels wide (kept within 16 to 1600), or `None` for a name that no vehicle has.
///
/// A name such as `suv-rojo-frente-3f9a.png` tells body, colour, view, and by what the car differs from others like it.
pub fn picture(name: &str, width: u32) -> Option<Vec<u8>> {
    let name = Name::parse(name)?;
    let mut canvas = Canvas::new(width.clamp(*WIDTHS.start(), *WIDTHS.end()))?;
    match name.view {
        View::Side | View::Profile | View::Rim | View::Nose => side::draw(&mut canvas, name),
        View::Front | View::Rear => ends::draw(&mut canvas, name),
        View::Dashboard | View::Wheel | View::Screen => dashboard::draw(&mut canvas, name),
        View::Seats => seats::draw(&mut canvas, name),
    }
    canvas.png()
}
