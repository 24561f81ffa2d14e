//! A car from inside: the seats as seen from the dashboard, and the trim that all of the cabin shares.
//!
//! **Invariants:** what is seen through the windows is the place where the car stands in its other pictures.

use tiny_skia::{Color, Transform};

use super::{
    Name, backdrop,
    canvas::{Canvas, Ink, faded, hex, mix},
};

/// What the cabin is made of.
pub(super) struct Trim {
    pub(super) fabric: Color,
    pub(super) accent: Color,
    pub(super) plastic: Color,
}

impl Trim {
    /// The trim that belongs to a look.
    pub(super) fn of(look: u16) -> Self {
        let (fabric, accent) = match (look >> 5) % 5 {
            0 => (0x2D_2F35, 0xB8_3A36),
            1 => (0xB9_A184, 0x7B_5B3E),
            2 => (0x6D_7178, 0xC9_CDD2),
            3 => (0x6A_4330, 0xD0_A77C),
            _ => (0x3A_3D45, 0x8A_94A3),
        };
        Self { fabric: hex(fabric), accent: hex(accent), plastic: hex(0x2A_2C31) }
    }
}

/// Draws the seats and what is behind them.
pub(super) fn draw(canvas: &mut Canvas, name: Name) {
    let trim = Trim::of(name.look);
    let (white, black) = (hex(0xFF_FFFF), hex(0x00_0000));
    canvas.placed(Transform::from_translate(0.0, -280.0), |canvas| {
        backdrop::draw(canvas, name.look);
    });
    // The cabin around three windows.
    let lining = hex(0xB9_B6B0);
    canvas.fill("M 0 0 L 1600 0 L 1600 150 C 1200 110 400 110 0 150 Z", lining);
    canvas.both_sides(800.0, |canvas| {
        canvas.fill("M 1140 110 L 1240 116 L 1330 520 L 1200 520 Z", hex(0x9B_9892));
        canvas.fill("M 1600 130 L 1540 134 L 1600 560 Z", hex(0x8E_8B86));
        canvas.fill("M 1220 500 C 1400 500 1520 520 1600 560 L 1600 1200 L 1180 1200 Z", hex(0x3A_3C41));
        canvas.line("M 1290 560 C 1400 560 1520 580 1600 610", 8.0, trim.accent);
    });
    let bench = [(0.0, mix(trim.fabric, white, 0.06)), (1.0, mix(trim.fabric, black, 0.40))];
    canvas.fill(
        "M 250 700 C 250 520 300 450 420 440 L 1180 440 C 1300 450 1350 520 1350 700 \
        L 1350 1200 L 250 1200 Z",
        Ink::Blend((0.0, 440.0), (0.0, 900.0), &bench),
    );
    for x in [470.0, 800.0, 1130.0] {
        canvas.block((x - 84.0, 376.0), (168.0, 92.0), 34.0, mix(trim.fabric, black, 0.14));
    }
    canvas.fill("M 0 1010 L 1600 1010 L 1600 1200 L 0 1200 Z", hex(0x24_2529));
    canvas.block((716.0, 800.0), (168.0, 460.0), 34.0, hex(0x1F_2024));
    canvas.block((722.0, 760.0), (156.0, 200.0), 34.0, mix(trim.fabric, black, 0.28));
    canvas.both_sides(800.0, |canvas| front_seat(canvas, &trim));
}

/// The right one of the two.
fn front_seat(canvas: &mut Canvas, trim: &Trim) {
    let (white, black) = (hex(0xFF_FFFF), hex(0x00_0000));
    let (light, dark) = (mix(trim.fabric, white, 0.20), mix(trim.fabric, black, 0.30));
    canvas.line("M 1060 420 L 1060 350", 12.0, hex(0x9A_9EA4));
    canvas.line("M 1180 420 L 1180 350", 12.0, hex(0x9A_9EA4));
    let head = [(0.0, light), (1.0, dark)];
    canvas.block((1008.0, 226.0), (224.0, 150.0), 56.0, Ink::Blend((0.0, 226.0), (0.0, 376.0), &head));
    let backrest = "M 960 430 C 980 396 1040 390 1120 390 C 1200 390 1260 396 1280 430 \
        C 1330 560 1350 760 1336 960 L 904 960 C 890 760 910 560 960 430 Z";
    canvas.fill(
        backrest,
        Ink::Blend((0.0, 390.0), (0.0, 960.0), &[(0.0, mix(trim.fabric, white, 0.08)), (1.0, dark)]),
    );
    let middle = "M 1010 440 C 1060 424 1180 424 1230 440 C 1250 560 1256 760 1246 940 L 994 940 \
        C 984 760 990 560 1010 440 Z";
    canvas.fill(middle, Ink::Blend((0.0, 420.0), (0.0, 940.0), &[(0.0, light), (1.0, trim.fabric)]));
    canvas.line(middle, 5.0, trim.accent);
    for y in [540.0, 650.0, 760.0] {
        canvas.line(&format!("M 1002 {y} Q 1120 {} 1240 {y}", y + 16.0), 4.0, faded(black, 0.22));
    }
    let cushion = "M 890 950 C 920 900 1020 886 1120 886 C 1220 886 1320 900 1350 950 \
        C 1390 1040 1400 1140 1396 1240 L 844 1240 C 840 1140 850 1040 890 950 Z";
    canvas.fill(
        cushion,
        Ink::Blend(
            (0.0, 886.0),
            (0.0, 1200.0),
            &[(0.0, mix(trim.fabric, white, 0.24)), (0.35, trim.fabric), (1.0, dark)],
        ),
    );
    canvas.line("M 986 930 C 966 1020 958 1120 958 1240", 5.0, trim.accent);
    canvas.line("M 1254 930 C 1274 1020 1282 1120 1282 1240", 5.0, trim.accent);
    canvas.line("M 1306 450 C 1332 600 1350 780 1362 960", 20.0, hex(0x1B_1C1F));
}
