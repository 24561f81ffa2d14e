//! A car from the side, whole or close up.
//!
//! **Not here:** the outlines are data in [`super::bodies`].

use tiny_skia::{Color, Transform};

use super::{
    Name, View, backdrop,
    bodies::{GROUND, Shape, shape},
    canvas::{Canvas, Ink, faded, hex, mix},
};

const BLACK: u32 = 0x16_181C;

/// Draws the place and the car in it; the look decides which way it faces.
pub(super) fn draw(canvas: &mut Canvas, name: Name) {
    backdrop::draw(canvas, name.look);
    let shape = shape(name.body);
    let [_, front] = shape.wheels;
    let camera = match name.view {
        View::Rim => zoom(2.9, (front - 10.0, GROUND - shape.wheel_radius - 30.0)),
        View::Nose => zoom(1.9, (front - 60.0, shape.sill - 130.0)),
        _ => Transform::from_translate(0.0, 60.0),
    };
    let faces_left = (name.look & 0x100 != 0) != (name.view == View::Profile);
    let mirror = Transform::from_row(-1.0, 0.0, 0.0, 1.0, Canvas::WIDTH, 0.0);
    let placement = if faces_left { mirror.pre_concat(camera) } else { camera };
    canvas.placed(placement, |canvas| car(canvas, shape, name));
}

/// A camera that brings a point to the middle, so many times closer.
pub(super) fn zoom(times: f32, (x, y): (f32, f32)) -> Transform {
    Transform::from_row(times, 0.0, 0.0, times, 800.0 - times * x, 600.0 - times * y)
}

fn car(canvas: &mut Canvas, shape: &Shape, name: Name) {
    let paint = name.paint.colour();
    shadow(canvas, 800.0, 690.0);
    let [rear, front] = shape.wheels;
    let under = [(0.0, faded(hex(BLACK), 0.9)), (1.0, faded(hex(BLACK), 0.35))];
    let gap = Ink::Blend((0.0, shape.sill), (0.0, GROUND), &under);
    canvas.block((rear, shape.sill - 20.0), (front - rear, GROUND + 14.0 - shape.sill), 6.0, gap);
    for extra in shape.extras {
        canvas.fill(extra, mix(hex(BLACK), paint, 0.25));
    }
    canvas.inside(shape.outline, |canvas| {
        flank(canvas, shape, paint);
        for seam in shape.seams {
            canvas.line(seam, 3.0, faded(hex(BLACK), 0.42));
        }
        bumpers(canvas, shape);
        for x in shape.wheels {
            wheel_arch(canvas, x, shape);
        }
        canvas.fill(
            shape.headlamp,
            Ink::Blend(
                (1260.0, 0.0),
                (1410.0, 0.0),
                &[(0.0, hex(0xFF_FFFF)), (0.6, hex(0xDC_EAF2)), (1.0, hex(0x9F_B6C4))],
            ),
        );
        canvas.line(shape.headlamp, 4.0, faded(hex(BLACK), 0.35));
        canvas.fill(
            shape.tail_lamp,
            Ink::Blend((190.0, 0.0), (340.0, 0.0), &[(0.0, hex(0xE2_3B35)), (1.0, hex(0x8E_1620))]),
        );
    });
    for window in shape.windows {
        glass(canvas, window);
    }
    for (x, y) in shape.handles {
        canvas.block((*x, *y + 4.0), (52.0, 11.0), 5.0, faded(hex(BLACK), 0.30));
        canvas.block((*x, *y), (52.0, 11.0), 5.0, mix(paint, hex(0xFF_FFFF), 0.35));
    }
    canvas.fill(shape.mirror, mix(paint, hex(BLACK), 0.22));
    for x in shape.wheels {
        let placement = Transform::from_row(
            shape.wheel_radius,
            0.0,
            0.0,
            shape.wheel_radius,
            x,
            GROUND - shape.wheel_radius,
        );
        canvas.placed(placement, |canvas| wheel(canvas, name.look));
    }
}

/// The shadow on the ground, soft and with a dark core.
pub(super) fn shadow(canvas: &mut Canvas, x: f32, half_length: f32) {
    let dark = hex(0x10_1018);
    let soft = [(0.0, faded(dark, 0.55)), (0.6, faded(dark, 0.34)), (1.0, faded(dark, 0.0))];
    canvas.oval(x, GROUND - 4.0, half_length, 46.0, Ink::Glow((0.0, 0.0), 1.0, &soft));
}

/// Light from above: bright roof and shoulder, dark towards the ground.
fn flank(canvas: &mut Canvas, shape: &Shape, paint: Color) {
    let (white, black) = (hex(0xFF_FFFF), hex(0x0C_0E14));
    let [top, _, _] = shape.heights;
    let fall = [
        (0.0, mix(paint, white, 0.40)),
        (0.30, mix(paint, white, 0.10)),
        (0.52, paint),
        (0.62, mix(paint, black, 0.12)),
        (1.0, mix(paint, black, 0.46)),
    ];
    canvas.fill(shape.outline, Ink::Blend((0.0, top + 60.0), (0.0, shape.sill), &fall));
    canvas.line(shape.crease, 26.0, faded(white, 0.07));
    canvas.line(shape.crease, 10.0, faded(white, 0.16));
    canvas.line(shape.crease, 4.0, faded(white, 0.38));
    // What the ground throws back, and the bumpers' shade at both ends.
    let sill = shape.sill;
    let ends = [
        (0.0, faded(black, 0.30)),
        (0.10, faded(black, 0.0)),
        (0.90, faded(black, 0.0)),
        (1.0, faded(black, 0.22)),
    ];
    canvas.fill(shape.outline, Ink::Blend((190.0, 0.0), (1420.0, 0.0), &ends));
    let lower =
        format!("M 0 {} Q 800 {} 1600 {} L 1600 1000 L 0 1000 Z", sill - 62.0, sill - 46.0, sill - 66.0);
    let strip = if shape.clad { hex(0x2A_2C30) } else { faded(black, 0.28) };
    canvas.fill(&lower, strip);
    canvas.line(
        &format!("M 0 {} Q 800 {} 1600 {}", sill - 62.0, sill - 46.0, sill - 66.0),
        3.0,
        faded(white, 0.14),
    );
}

/// Air intake and fog lamp in front, reflector behind.
fn bumpers(canvas: &mut Canvas, shape: &Shape) {
    let ([rear, front], sill) = (shape.ends, shape.sill);
    canvas.block((front - 78.0, sill - 74.0), (100.0, 30.0), 12.0, hex(0x1C_1E22));
    canvas.oval(front - 50.0, sill - 59.0, 17.0, 9.0, hex(0xF0_EFE6));
    canvas.block((rear - 10.0, sill - 86.0), (58.0, 13.0), 6.0, hex(0xC2_2E2E));
}

fn wheel_arch(canvas: &mut Canvas, x: f32, shape: &Shape) {
    let y = GROUND - shape.wheel_radius;
    if shape.clad {
        let ring = shape.wheel_radius + 34.0;
        canvas.oval(x, y, ring, ring, hex(0x2A_2C30));
    }
    let gap = shape.wheel_radius + 15.0;
    canvas.oval(x, y, gap, gap, hex(0x0E_0F12));
}

/// A window with a reflection across it.
pub(super) fn glass(canvas: &mut Canvas, path: &str) {
    let (dark, light) = (hex(0x27_333F), hex(0x6F_8797));
    let reflection = [
        (0.0, mix(dark, light, 0.75)),
        (0.30, mix(dark, light, 0.45)),
        (0.44, mix(dark, light, 0.30)),
        (0.45, mix(dark, light, 0.62)),
        (0.56, mix(dark, light, 0.52)),
        (0.57, mix(dark, light, 0.20)),
        (1.0, dark),
    ];
    canvas.fill(path, Ink::Blend((560.0, 420.0), (900.0, 720.0), &reflection));
    canvas.line(path, 7.0, hex(0x1B_1E23));
}

/// A wheel of radius 1 around the origin.
fn wheel(canvas: &mut Canvas, look: u16) {
    let tyre = [(0.0, hex(0x2C_2E32)), (0.86, hex(0x2A_2C30)), (0.94, hex(0x1C_1D20)), (1.0, hex(0x12_1315))];
    canvas.oval(0.0, 0.0, 1.0, 1.0, Ink::Glow((0.0, 0.0), 1.0, &tyre));
    canvas.oval(0.0, 0.0, 0.74, 0.74, hex(0xD8_DCE0));
    canvas.oval(0.0, 0.0, 0.70, 0.70, hex(0x2A_2D32));
    let disc = [(0.0, hex(0x55_595F)), (0.7, hex(0x7A_7F86)), (1.0, hex(0x5C_6067))];
    canvas.oval(0.0, 0.0, 0.46, 0.46, Ink::Glow((0.0, 0.0), 1.0, &disc));
    let (spokes, spoke) = match (look >> 9) % 4 {
        0 => (5, "M -0.10 0 L -0.16 -0.71 L 0.16 -0.71 L 0.10 0 Z"),
        1 => (10, "M -0.05 0 L -0.06 -0.71 L 0.06 -0.71 L 0.05 0 Z"),
        2 => (
            5,
            "M -0.12 -0.10 L -0.21 -0.70 L -0.10 -0.72 L 0 -0.24 L 0.10 -0.72 \
                L 0.21 -0.70 L 0.12 -0.10 Z",
        ),
        _ => (7, "M -0.09 0 Q -0.02 -0.40 -0.12 -0.71 L 0.06 -0.71 Q 0.14 -0.36 0.09 0 Z"),
    };
    let alloy =
        if look & 0x800 == 0 { [hex(0xF0_F2F4), hex(0xA9_AFB6)] } else { [hex(0x6A_6F76), hex(0x3C_4046)] };
    let metal = [(0.0, alloy[0]), (1.0, alloy[1])];
    for index in 0..spokes {
        #[expect(clippy::cast_precision_loss, reason = "at most 10 spokes")]
        let turned = Transform::from_rotate(360.0 / spokes as f32 * index as f32);
        canvas.placed(turned, |canvas| canvas.fill(spoke, Ink::Blend((-0.2, -0.7), (0.2, 0.0), &metal)));
    }
    canvas.oval(0.0, 0.0, 0.17, 0.17, alloy[1]);
    canvas.oval(0.0, 0.0, 0.11, 0.11, hex(0x1E_2024));
    canvas.oval(0.0, 0.0, 0.045, 0.045, alloy[0]);
}
