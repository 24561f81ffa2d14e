//! A car from the front and from behind: the right half is drawn and mirrored.
//!
//! **Units:** those of the canvas; the middle of the car is at [`MIDDLE`].

use tiny_skia::{Color, Transform};

use super::{
    Body, Name, View, backdrop,
    bodies::{GROUND, Shape, shape},
    canvas::{Canvas, Ink, faded, hex, mix, rounded},
    side::{glass, shadow},
};

const MIDDLE: f32 = 800.0;

/// Draws the place and the car in it.
pub(super) fn draw(canvas: &mut Canvas, name: Name) {
    backdrop::draw(canvas, name.look);
    let car = End { shape: shape(name.body), paint: name.paint.colour(), name };
    canvas.placed(Transform::from_translate(0.0, 70.0), |canvas| {
        shadow(canvas, MIDDLE, 500.0);
        car.tyres(canvas);
        car.shell(canvas);
        if name.view == View::Front {
            car.front(canvas)
        } else {
            car.rear(canvas)
        }
        car.mirrors(canvas);
    });
}

struct End {
    shape: &'static Shape,
    paint: Color,
    name: Name,
}

impl End {
    fn tyres(&self, canvas: &mut Canvas) {
        let [half, _] = self.shape.half_widths;
        canvas.both_sides(MIDDLE, |canvas| {
            canvas.block((MIDDLE + half - 118.0, 740.0), (106.0, GROUND - 738.0), 26.0, hex(0x1A_1B1E));
            canvas.block((MIDDLE + half - 96.0, 760.0), (10.0, GROUND - 762.0), 4.0, hex(0x2C_2E32));
        });
    }

    /// Cabin and lower body, without what tells front from rear.
    fn shell(&self, canvas: &mut Canvas) {
        let ([roof, belt, bottom], [half, half_roof]) = (self.shape.heights, self.shape.half_widths);
        let (white, black) = (hex(0xFF_FFFF), hex(0x0C_0E14));
        let (left, right) = (MIDDLE - half, MIDDLE + half);
        let cabin = format!(
            "M {} {} C {} {roof} {} {roof} {} {} L {} {} L {} {} Z",
            MIDDLE - half_roof,
            roof + 26.0,
            MIDDLE - half_roof * 0.8,
            MIDDLE + half_roof * 0.8,
            MIDDLE + half_roof,
            roof + 26.0,
            right - 36.0,
            belt + 30.0,
            left + 36.0,
            belt + 30.0,
        );
        let cabin_shade =
            [(0.0, mix(self.paint, white, 0.40)), (0.3, self.paint), (1.0, mix(self.paint, black, 0.30))];
        canvas.fill(&cabin, Ink::Blend((0.0, roof), (0.0, belt), &cabin_shade));
        let body = format!(
            "M {} {} C {} {} {} {} {} {} C {} {} {} {} {} {bottom} L {} {bottom} C {} {} {} {} {} {} C {} {} {} {} {} {} Z",
            left + 40.0,
            belt + 6.0,
            left + 200.0,
            belt - 20.0,
            right - 200.0,
            belt - 20.0,
            right - 40.0,
            belt + 6.0,
            right + 4.0,
            belt + 70.0,
            right + 10.0,
            bottom - 40.0,
            right - 46.0,
            left + 46.0,
            left - 10.0,
            bottom - 40.0,
            left - 4.0,
            belt + 70.0,
            left + 40.0,
            belt + 6.0,
            left + 40.0,
            belt + 6.0,
            left + 40.0,
            belt + 6.0,
            left + 40.0,
            belt + 6.0,
        );
        let shade = [
            (0.0, mix(self.paint, white, 0.34)),
            (0.26, mix(self.paint, white, 0.06)),
            (0.32, mix(self.paint, black, 0.06)),
            (1.0, mix(self.paint, black, 0.42)),
        ];
        canvas.fill(&body, Ink::Blend((0.0, belt - 14.0), (0.0, bottom), &shade));
        canvas.inside(&body, |canvas| {
            let round = [
                (0.0, faded(black, 0.34)),
                (0.14, faded(black, 0.0)),
                (0.86, faded(black, 0.0)),
                (1.0, faded(black, 0.34)),
            ];
            canvas.flood(Ink::Blend((left, 0.0), (right, 0.0), &round));
            let lip = if self.shape.clad { 70.0 } else { 40.0 };
            canvas.block((left - 20.0, bottom - lip), (2.0 * half + 40.0, lip), 0.0, hex(0x24_262A));
        });
        let window = format!(
            "M {} {} C {} {} {} {} {} {} L {} {} C {} {} {} {} {} {} Z",
            MIDDLE - half_roof + 26.0,
            roof + 46.0,
            MIDDLE - half_roof * 0.6,
            roof + 30.0,
            MIDDLE + half_roof * 0.6,
            roof + 30.0,
            MIDDLE + half_roof - 26.0,
            roof + 46.0,
            right - 86.0,
            belt - 4.0,
            MIDDLE + half * 0.4,
            belt - 22.0,
            MIDDLE - half * 0.4,
            belt - 22.0,
            left + 86.0,
            belt - 4.0,
        );
        glass(canvas, &window);
    }

    fn front(&self, canvas: &mut Canvas) {
        let ([_, belt, bottom], [half, _]) = (self.shape.heights, self.shape.half_widths);
        let face = belt + 92.0;
        canvas.line(
            &format!(
                "M {} {} Q {MIDDLE} {} {} {}",
                MIDDLE - half + 70.0,
                face - 22.0,
                face - 50.0,
                MIDDLE + half - 70.0,
                face - 22.0
            ),
            4.0,
            faded(hex(0x0C_0E14), 0.35),
        );
        canvas.both_sides(MIDDLE, |canvas| {
            let crease = format!(
                "M {} {} Q {} {} {} {}",
                MIDDLE + half * 0.52,
                belt + 2.0,
                MIDDLE + half * 0.48,
                belt + 40.0,
                MIDDLE + half * 0.40,
                face - 40.0
            );
            canvas.line(&crease, 4.0, faded(hex(0xFF_FFFF), 0.25));
            let (inner, outer) = (MIDDLE + half * 0.46, MIDDLE + half - 12.0);
            let lamp = format!(
                "M {inner} {} Q {} {} {outer} {} Q {outer} {} {} {} L {} {} Z",
                face + 14.0,
                outer - 60.0,
                face - 14.0,
                face - 16.0,
                face + 26.0,
                outer - 30.0,
                face + 42.0,
                inner + 30.0,
                face + 50.0
            );
            canvas.fill(
                &lamp,
                Ink::Blend(
                    (inner, face),
                    (outer, face + 40.0),
                    &[(0.0, hex(0xB9_CBD6)), (0.5, hex(0xFF_FFFF)), (1.0, hex(0xA8_BCC8))],
                ),
            );
            canvas.line(&lamp, 5.0, faded(hex(0x0C_0E14), 0.45));
            canvas.oval(outer - 66.0, face + 18.0, 19.0, 19.0, hex(0xFD_FDFB));
            canvas.oval(outer - 66.0, face + 18.0, 10.0, 10.0, hex(0xC4_D6E2));
            let fog = rounded(MIDDLE + half - 118.0, bottom - 110.0, 70.0, 30.0, 12.0);
            canvas.fill(&fog, hex(0x24_262A));
            canvas.oval(MIDDLE + half - 83.0, bottom - 95.0, 10.0, 10.0, hex(0xE9_EEF1));
        });
        self.grille(canvas, face);
        canvas.block((MIDDLE - 190.0, bottom - 108.0), (380.0, 46.0), 20.0, hex(0x1C_1E22));
        plate(canvas, bottom - 132.0);
    }

    fn grille(&self, canvas: &mut Canvas, top: f32) {
        let (wide, high) = match self.name.body {
            Body::Pickup => (190.0, 110.0),
            Body::Suv => (170.0, 84.0),
            _ => (156.0, 58.0),
        };
        let outline = format!(
            "M {} {top} L {} {top} Q {} {} {} {} L {} {} Q {} {} {} {top} Z",
            MIDDLE - wide,
            MIDDLE + wide,
            MIDDLE + wide + 8.0,
            top + high * 0.6,
            MIDDLE + wide * 0.78,
            top + high,
            MIDDLE - wide * 0.78,
            top + high,
            MIDDLE - wide - 8.0,
            top + high * 0.6,
            MIDDLE - wide,
        );
        canvas.fill(&outline, hex(0x1A_1C20));
        canvas.inside(&outline, |canvas| {
            if self.name.look & 0x1000 == 0 {
                for row in [0.25, 0.5, 0.75] {
                    let y = top + high * row;
                    canvas.line(
                        &format!("M {} {y} L {} {y}", MIDDLE - wide, MIDDLE + wide),
                        5.0,
                        hex(0x6B_7077),
                    );
                }
            } else {
                for column in -8_i8..=8 {
                    let x = MIDDLE + f32::from(column) * 24.0;
                    canvas.line(&format!("M {x} {top} L {x} {}", top + high), 5.0, hex(0x5A_5F66));
                }
            }
        });
        canvas.line(&outline, 6.0, hex(0xC3_C8CD));
        canvas.oval(MIDDLE, top + high * 0.48, 25.0, 25.0, hex(0xE6_E9EC));
        canvas.oval(MIDDLE, top + high * 0.48, 16.0, 16.0, hex(0x8B_9198));
    }

    fn rear(&self, canvas: &mut Canvas) {
        let ([roof, belt, bottom], [half, half_roof]) = (self.shape.heights, self.shape.half_widths);
        let dark = hex(0x0C_0E14);
        let lid = format!(
            "M {} {} L {} {} Q {MIDDLE} {} {} {} L {} {}",
            MIDDLE - half + 96.0,
            belt + 20.0,
            MIDDLE - half + 120.0,
            bottom - 150.0,
            bottom - 136.0,
            MIDDLE + half - 120.0,
            bottom - 150.0,
            MIDDLE + half - 96.0,
            belt + 20.0,
        );
        canvas.line(&lid, 4.0, faded(dark, 0.40));
        canvas.both_sides(MIDDLE, |canvas| {
            let (inner, outer) = (MIDDLE + half * 0.50, MIDDLE + half - 6.0);
            let (top, high) = (belt + 56.0, if self.shape.heights[0] < 400.0 { 96.0 } else { 62.0 });
            let lamp = format!(
                "M {inner} {} Q {} {} {outer} {top} Q {} {} {} {} L {} {} Z",
                top + 14.0,
                outer - 60.0,
                top - 6.0,
                outer + 4.0,
                top + high * 0.6,
                outer - 14.0,
                top + high,
                inner + 46.0,
                top + high * 0.72
            );
            canvas.fill(
                &lamp,
                Ink::Blend(
                    (inner, top),
                    (outer, top + high),
                    &[(0.0, hex(0xA8_1B24)), (0.6, hex(0xE8_443C)), (1.0, hex(0x93_1820))],
                ),
            );
            canvas.line(
                &format!("M {} {} L {} {}", inner + 40.0, top + high * 0.42, outer - 16.0, top + high * 0.34),
                7.0,
                faded(hex(0xFF_D9CF), 0.75),
            );
            canvas.line(&lamp, 4.0, faded(dark, 0.40));
            canvas.block((MIDDLE + half - 190.0, bottom - 30.0), (76.0, 20.0), 10.0, hex(0xA6_ABB1));
            canvas.block((MIDDLE + half - 120.0, bottom - 96.0), (64.0, 12.0), 6.0, hex(0xB9_2A2A));
        });
        canvas.line(
            &format!(
                "M {} {} Q {MIDDLE} {} {} {}",
                MIDDLE - half_roof * 0.5,
                roof + 34.0,
                roof + 24.0,
                MIDDLE + half_roof * 0.5,
                roof + 34.0
            ),
            8.0,
            hex(0x8E_1B22),
        );
        canvas.oval(MIDDLE, belt + 44.0, 22.0, 22.0, hex(0xE6_E9EC));
        canvas.oval(MIDDLE, belt + 44.0, 14.0, 14.0, hex(0x8B_9198));
        plate(canvas, belt + 96.0);
        canvas.line(
            &format!(
                "M {} {} Q {MIDDLE} {} {} {}",
                MIDDLE - 210.0,
                belt - 28.0,
                belt - 44.0,
                MIDDLE + 40.0,
                belt - 66.0
            ),
            5.0,
            hex(0x15_171A),
        );
    }

    fn mirrors(&self, canvas: &mut Canvas) {
        let ([_, belt, _], [half, _]) = (self.shape.heights, self.shape.half_widths);
        canvas.both_sides(MIDDLE, |canvas| {
            let x = MIDDLE + half - 40.0;
            canvas.line(
                &format!("M {} {} L {x} {}", x - 26.0, belt - 8.0, belt - 20.0),
                14.0,
                hex(0x24_262A),
            );
            canvas.block((x - 4.0, belt - 56.0), (84.0, 50.0), 20.0, mix(self.paint, hex(0x0C_0E14), 0.14));
        });
    }
}

fn plate(canvas: &mut Canvas, y: f32) {
    canvas.block((MIDDLE - 84.0, y), (168.0, 52.0), 8.0, hex(0xF3_F4F2));
    canvas.block((MIDDLE - 84.0, y), (168.0, 12.0), 6.0, hex(0x2C_7A4B));
    for x in [-62.0, -42.0, -22.0, 8.0, 28.0, 48.0] {
        canvas.block((MIDDLE + x, y + 22.0), (13.0, 20.0), 3.0, hex(0x4A_4F55));
    }
}
