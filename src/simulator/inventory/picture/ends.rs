//! A car from the front and from behind.
//!
//! **Units:** paths are in hundredths of a [`Frame`], so that one drawing fits every body: x from the car's middle to its
//! side, y from the frame's top to its bottom.

use tiny_skia::{Color, Transform};

use super::{
    Body, Name, View, backdrop,
    bodies::{GROUND, shape},
    canvas::{Canvas, Ink, faded, hex, mix},
    side::{glass, shadow},
};

const MIDDLE: f32 = 800.0;
const DARK: u32 = 0x0C_0E14;
const PLASTIC: u32 = 0x24_262A;

/// Draws the place and the car in it.
pub(super) fn draw(canvas: &mut Canvas, name: Name) {
    backdrop::draw(canvas, name.look);
    let shape = shape(name.body);
    let [roof, belt, bottom] = shape.heights;
    let cabin = Frame { half_width: shape.half_width, top: roof, height: belt - roof };
    let body = Frame { half_width: shape.half_width, top: belt, height: bottom - belt };
    let paint = name.paint.colour();
    canvas.placed(Transform::from_translate(0.0, 70.0), |canvas| {
        shadow(canvas, MIDDLE, 500.0);
        tyres(canvas, &body);
        upper(canvas, &cabin, paint);
        lower(canvas, &body, paint, shape.clad);
        glass(canvas, &cabin.fit("M -60 20 C -40 12 40 12 60 20 L 79 97 C 40 87 -40 87 -79 97 Z"));
        if name.view == View::Front {
            front(canvas, &body, name);
        } else {
            rear(canvas, &cabin, &body);
        }
        mirrors(canvas, &body, paint);
    });
}

/// A part of the car that drawings are fitted into.
struct Frame {
    half_width: f32,
    top: f32,
    height: f32,
}

impl Frame {
    fn x(&self, hundredths: f32) -> f32 {
        MIDDLE + self.half_width * hundredths / 100.0
    }

    fn y(&self, hundredths: f32) -> f32 {
        self.top + self.height * hundredths / 100.0
    }

    /// The path in units of the canvas.
    fn fit(&self, path: &str) -> String {
        let mut is_x = false;
        let words = path.split(' ').map(|word| match word.parse::<f32>() {
            Ok(number) => {
                is_x = !is_x;
                if is_x { self.x(number) } else { self.y(number) }.to_string()
            }
            Err(_) => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

fn tyres(canvas: &mut Canvas, body: &Frame) {
    canvas.both_sides(MIDDLE, |canvas| {
        let x = body.x(100.0) - 118.0;
        canvas.block((x, 740.0), (106.0, GROUND - 738.0), 26.0, hex(0x1A_1B1E));
        canvas.block((x + 22.0, 760.0), (10.0, GROUND - 762.0), 4.0, hex(0x2C_2E32));
    });
}

fn upper(canvas: &mut Canvas, cabin: &Frame, paint: Color) {
    let fall = [(0.0, mix(paint, hex(0xFF_FFFF), 0.40)), (0.3, paint), (1.0, mix(paint, hex(DARK), 0.30))];
    let outline = cabin.fit("M -67 14 C -54 -4 54 -4 67 14 L 91 117 L -91 117 Z");
    canvas.fill(&outline, Ink::Blend((0.0, cabin.y(0.0)), (0.0, cabin.y(100.0)), &fall));
}

fn lower(canvas: &mut Canvas, body: &Frame, paint: Color, clad: bool) {
    let (white, dark) = (hex(0xFF_FFFF), hex(DARK));
    let outline = body.fit(
        "M -90 2 C -49 -7 49 -7 90 2 C 101 26 103 85 88 100 L -88 100 \
            C -103 85 -101 26 -90 2 Z",
    );
    let fall = [
        (0.0, mix(paint, white, 0.34)),
        (0.26, mix(paint, white, 0.06)),
        (0.32, mix(paint, dark, 0.06)),
        (1.0, mix(paint, dark, 0.42)),
    ];
    canvas.fill(&outline, Ink::Blend((0.0, body.y(-5.0)), (0.0, body.y(100.0)), &fall));
    let (shade, clear) = (faded(dark, 0.34), faded(dark, 0.0));
    let round = [(0.0, shade), (0.14, clear), (0.86, clear), (1.0, shade)];
    canvas.fill(&outline, Ink::Blend((body.x(-100.0), 0.0), (body.x(100.0), 0.0), &round));
    canvas.inside(&outline, |canvas| {
        let lip = if clad {
            "M -110 77 L 110 77 L 110 110 L -110 110 Z"
        } else {
            "M -110 86 L 110 86 L 110 110 L -110 110 Z"
        };
        canvas.fill(&body.fit(lip), hex(PLASTIC));
    });
}

fn front(canvas: &mut Canvas, body: &Frame, name: Name) {
    canvas.line(&body.fit("M -82 26 Q 0 16 82 26"), 4.0, faded(hex(DARK), 0.35));
    canvas.both_sides(MIDDLE, |canvas| {
        canvas.line(&body.fit("M 52 1 Q 48 14 40 19"), 4.0, faded(hex(0xFF_FFFF), 0.25));
        let lamp = body.fit("M 46 38 Q 82 29 97 28 Q 97 43 89 49 L 54 52 Z");
        let bright = [(0.0, hex(0xB9_CBD6)), (0.5, hex(0xFF_FFFF)), (1.0, hex(0xA8_BCC8))];
        canvas.fill(&lamp, Ink::Blend((body.x(46.0), 0.0), (body.x(97.0), 0.0), &bright));
        canvas.line(&lamp, 5.0, faded(hex(DARK), 0.45));
        canvas.oval(body.x(81.0), body.y(40.0), 19.0, 19.0, hex(0xFD_FDFB));
        canvas.oval(body.x(81.0), body.y(40.0), 10.0, 10.0, hex(0xC4_D6E2));
        canvas.block((body.x(71.0), body.y(60.0)), (70.0, 30.0), 12.0, hex(PLASTIC));
        canvas.oval(body.x(71.0) + 35.0, body.y(60.0) + 15.0, 10.0, 10.0, hex(0xE9_EEF1));
    });
    let (half_width, height) = match name.body {
        Body::Pickup => (190.0, 110.0),
        Body::Suv => (170.0, 84.0),
        _ => (156.0, 58.0),
    };
    grille(canvas, &Frame { half_width, top: body.y(33.0), height }, name.look & 0x1000 == 0);
    canvas.block((MIDDLE - 190.0, body.y(62.0)), (380.0, 46.0), 20.0, hex(0x1C_1E22));
    plate(canvas, body.y(62.0) - 20.0);
}

fn grille(canvas: &mut Canvas, grille: &Frame, across: bool) {
    let outline = grille.fit("M -100 0 L 100 0 Q 104 60 78 100 L -78 100 Q -104 60 -100 0 Z");
    canvas.fill(&outline, hex(0x1A_1C20));
    canvas.inside(&outline, |canvas| {
        let bars = if across {
            "M -110 25 L 110 25 M -110 50 L 110 50 M -110 75 L 110 75"
        } else {
            "M -75 0 L -75 100 M -60 0 L -60 100 M -45 0 L -45 100 M -30 0 L -30 100 M -15 0 L -15 100 M 0 0 L 0 100 \
             M 15 0 L 15 100 M 30 0 L 30 100 M 45 0 L 45 100 M 60 0 L 60 100 M 75 0 L 75 100"
        };
        canvas.line(&grille.fit(bars), 5.0, hex(0x62_676E));
    });
    canvas.line(&outline, 6.0, hex(0xC3_C8CD));
    badge(canvas, grille.y(48.0), 25.0);
}

fn rear(canvas: &mut Canvas, cabin: &Frame, body: &Frame) {
    canvas.line(&body.fit("M -76 7 L -69 45 Q 0 51 69 45 L 76 7"), 4.0, faded(hex(DARK), 0.40));
    canvas.both_sides(MIDDLE, |canvas| {
        let lamp = body.fit("M 50 26 Q 83 19 98 20 Q 100 36 95 47 L 62 39 Z");
        let red = [(0.0, hex(0xA8_1B24)), (0.6, hex(0xE8_443C)), (1.0, hex(0x93_1820))];
        canvas.fill(&lamp, Ink::Blend((body.x(50.0), body.y(20.0)), (body.x(98.0), body.y(47.0)), &red));
        canvas.line(&body.fit("M 61 32 L 94 29"), 7.0, faded(hex(0xFF_D9CF), 0.75));
        canvas.line(&lamp, 4.0, faded(hex(DARK), 0.40));
        canvas.block((body.x(70.0), body.y(66.0)), (64.0, 12.0), 6.0, hex(0xB9_2A2A));
        canvas.block((body.x(52.0), body.y(90.0)), (76.0, 20.0), 10.0, hex(0xA6_ABB1));
    });
    canvas.line(&cabin.fit("M -34 15 Q 0 10 34 15"), 8.0, hex(0x8E_1B22));
    canvas.line(&cabin.fit("M -54 84 Q 0 76 10 62"), 5.0, hex(0x15_171A));
    badge(canvas, body.y(16.0), 22.0);
    plate(canvas, body.y(35.0));
}

fn mirrors(canvas: &mut Canvas, body: &Frame, paint: Color) {
    canvas.both_sides(MIDDLE, |canvas| {
        let (x, y) = (body.x(100.0) - 40.0, body.top);
        canvas.line(&format!("M {} {} L {x} {}", x - 26.0, y - 8.0, y - 20.0), 14.0, hex(PLASTIC));
        canvas.block((x - 4.0, y - 56.0), (84.0, 50.0), 20.0, mix(paint, hex(DARK), 0.14));
    });
}

fn badge(canvas: &mut Canvas, y: f32, radius: f32) {
    canvas.oval(MIDDLE, y, radius, radius, hex(0xE6_E9EC));
    canvas.oval(MIDDLE, y, radius * 0.64, radius * 0.64, hex(0x8B_9198));
}

fn plate(canvas: &mut Canvas, y: f32) {
    canvas.block((MIDDLE - 84.0, y), (168.0, 52.0), 8.0, hex(0xF3_F4F2));
    canvas.block((MIDDLE - 84.0, y), (168.0, 12.0), 6.0, hex(0x2C_7A4B));
    for x in [-62.0, -42.0, -22.0, 8.0, 28.0, 48.0] {
        canvas.block((MIDDLE + x, y + 22.0), (13.0, 20.0), 3.0, hex(0x4A_4F55));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_fitted_into_its_frame() {
        let frame = Frame { half_width: 200.0, top: 500.0, height: 50.0 };
        assert_eq!(frame.fit("M -100 0 L 50 100 Z"), "M 600 500 L 900 550 Z");
    }
}
