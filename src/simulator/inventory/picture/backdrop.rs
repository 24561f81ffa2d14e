//! Where the car stands: showroom, studio, or one of the landscapes of the north-east of Mexico.
//!
//! **Invariants:** the horizon is at [`HORIZON`], and the ground below it carries the car.

use tiny_skia::{Color, Transform};

use super::canvas::{Canvas, Ink, faded, hex, mix};

/// Where wall or sky meets the ground.
const HORIZON: f32 = 716.0;

/// Draws the place that belongs to a look.
pub(super) fn draw(canvas: &mut Canvas, look: u16) {
    match look % 6 {
        0 => showroom(canvas),
        1 => saddle_mountain(canvas),
        2 => clear_day(canvas),
        3 => desert(canvas),
        4 => city_at_night(canvas),
        _ => studio(canvas, look),
    }
}

/// Wall or sky above, ground below.
fn ground_and_sky(canvas: &mut Canvas, colours: &[(f32, Color)], [far, near]: [u32; 2]) {
    sky(canvas, colours);
    ground(canvas, [hex(far), hex(near)]);
}

/// Reaches a little below the horizon, so that no gap can show there.
fn sky(canvas: &mut Canvas, colours: &[(f32, Color)]) {
    let ink = Ink::Blend((0.0, 0.0), (0.0, HORIZON), colours);
    canvas.block((0.0, 0.0), (Canvas::WIDTH, HORIZON + 8.0), 0.0, ink);
}

fn ground(canvas: &mut Canvas, [far, near]: [Color; 2]) {
    let fall = [(0.0, far), (1.0, near)];
    let ink = Ink::Blend((0.0, HORIZON), (0.0, Canvas::HEIGHT), &fall);
    canvas.block((0.0, HORIZON), (Canvas::WIDTH, Canvas::HEIGHT - HORIZON), 0.0, ink);
}

fn showroom(canvas: &mut Canvas) {
    ground_and_sky(canvas, &[(0.0, hex(0xF4_EFE7)), (1.0, hex(0xDD_D4C7))], [0xB5_AA9D, 0xD2_C9BD]);
    let light = [(0.0, hex(0xFF_FDF8)), (1.0, hex(0xEC_E4D8))];
    for x in [150.0, 600.0, 1050.0] {
        canvas.block((x, 120.0), (400.0, 480.0), 10.0, Ink::Blend((x, 120.0), (x + 300.0, 600.0), &light));
        canvas.line(&format!("M {} 122 L {} 598", x + 200.0, x + 200.0), 6.0, hex(0xDF_D6C9));
        let floor = [(0.0, faded(hex(0xFF_FFFF), 0.35)), (1.0, faded(hex(0xFF_FFFF), 0.0))];
        let shine = format!("M {x} 716 L {} 716 L {} 1100 L {} 1100 Z", x + 400.0, x + 430.0, x - 30.0);
        canvas.fill(&shine, Ink::Blend((0.0, HORIZON), (0.0, 1100.0), &floor));
    }
    canvas.block((0.0, 696.0), (Canvas::WIDTH, 20.0), 0.0, hex(0xC4_B9AB));
    plant(canvas, 88.0);
    plant(canvas, 1516.0);
}

fn plant(canvas: &mut Canvas, x: f32) {
    canvas.placed(Transform::from_translate(x, 0.0), |canvas| {
        for (lean, green) in [(-62.0, 0x5F_8A68), (-26.0, 0x4C_7857), (14.0, 0x6B_9674), (54.0, 0x55_8260)] {
            let leaf = format!("M 0 640 Q {} 560 {lean} 450 Q {} 540 8 640 Z", lean - 34.0, lean + 26.0);
            canvas.fill(&leaf, hex(green));
        }
        canvas.fill("M -44 630 L 44 630 L 32 728 L -32 728 Z", hex(0x8C_7A68));
    });
}

/// Dusk in Monterrey, with the Cerro de la Silla.
fn saddle_mountain(canvas: &mut Canvas) {
    let sky = [(0.0, hex(0x4B_5F92)), (0.55, hex(0xD9_9A98)), (0.85, hex(0xF6_C59B)), (1.0, hex(0xFB_DDB4))];
    ground_and_sky(canvas, &sky, [0x6E_6A78, 0x8F_8A95]);
    canvas.oval(1240.0, 560.0, 86.0, 86.0, hex(0xFF_EBC4));
    let far = "M 0 600 C 160 540 260 560 380 590 C 560 630 700 560 860 580 \
        C 1080 610 1300 540 1600 600 L 1600 720 L 0 720 Z";
    canvas.fill(far, hex(0xA8_7F95));
    let saddle = "M 40 720 C 180 640 250 540 330 430 L 372 392 L 404 420 C 430 452 444 470 470 486 C 500 500 520 496 540 470 \
                  L 574 416 L 604 386 L 640 424 C 700 520 800 610 980 720 Z";
    canvas.fill(
        saddle,
        Ink::Blend((0.0, 390.0), (0.0, 720.0), &[(0.0, hex(0x5D_5478)), (1.0, hex(0x80_6A8B))]),
    );
    canvas.fill(
        "M 0 716 C 300 676 500 700 800 690 C 1100 680 1300 700 1600 680 L 1600 720 L 0 720 Z",
        hex(0x5A_5470),
    );
}

fn clear_day(canvas: &mut Canvas) {
    ground_and_sky(canvas, &[(0.0, hex(0x86_BEE6)), (1.0, hex(0xE4_F2F8))], [0xA9_ADB0, 0xC7_C9C9]);
    for (x, y, size) in [(300.0, 210.0, 1.0), (1130.0, 150.0, 1.3), (820.0, 330.0, 0.7)] {
        canvas.placed(Transform::from_row(size, 0.0, 0.0, size, x, y), |canvas| {
            let cloud = "M -150 40 C -190 40 -190 -10 -140 -12 C -130 -60 -50 -70 -20 -40 C 20 -90 110 -60 104 -10 \
                         C 160 -14 170 40 124 40 Z";
            canvas.fill(cloud, faded(hex(0xFF_FFFF), 0.85));
        });
    }
    canvas.fill(
        "M 0 640 C 200 560 420 610 640 640 C 860 600 1180 540 1600 640 L 1600 720 L 0 720 Z",
        hex(0xA3_C3B5),
    );
    canvas.fill(
        "M 0 690 C 260 640 520 680 800 672 C 1100 660 1380 690 1600 664 L 1600 720 L 0 720 Z",
        hex(0x7F_AB92),
    );
    for x in [-260.0, 120.0, 1240.0, 1620.0] {
        let slant = (800.0 - x) * 0.14;
        let stripe =
            format!("M {x} 1200 L {} 760 L {} 760 L {} 1200 Z", x + slant, x + slant + 12.0, x + 26.0);
        canvas.fill(&stripe, faded(hex(0xFF_FFFF), 0.55));
    }
}

/// The semi-desert of Coahuila.
fn desert(canvas: &mut Canvas) {
    let sky = [(0.0, hex(0xF3_C98F)), (0.6, hex(0xF9_E2BC)), (1.0, hex(0xFD_F1DC))];
    ground_and_sky(canvas, &sky, [0xD6_AD80, 0xE3_C39C]);
    canvas.oval(360.0, 300.0, 74.0, 74.0, hex(0xFF_F6DF));
    canvas.fill(
        "M 0 640 L 120 560 L 380 556 L 440 620 L 700 640 L 760 580 L 1010 576 L 1080 650 \
        L 1600 620 L 1600 720 L 0 720 Z",
        hex(0xD9_A077),
    );
    canvas.fill(
        "M 0 690 L 220 660 L 520 690 L 1120 680 L 1200 596 L 1230 584 L 1470 580 L 1540 650 \
        L 1600 664 L 1600 720 L 0 720 Z",
        hex(0xC0_8360),
    );
    for (x, size) in [(130.0, 1.0), (1500.0, 1.25), (1390.0, 0.6)] {
        canvas.placed(Transform::from_row(size, 0.0, 0.0, size, x, 726.0), |canvas| {
            let green = hex(0x5F_7F5C);
            canvas.line("M 0 0 L 0 -170", 34.0, green);
            canvas.line("M -48 -128 L -48 -96 Q -48 -70 0 -70", 22.0, green);
            canvas.line("M 46 -146 L 46 -118 Q 46 -92 0 -92", 22.0, green);
        });
    }
}

fn city_at_night(canvas: &mut Canvas) {
    let sky = [(0.0, hex(0x1B_2547)), (0.7, hex(0x3C_4A78)), (1.0, hex(0x6E_6C96))];
    ground_and_sky(canvas, &sky, [0x4A_4E66, 0x6A_6D83]);
    canvas.oval(1330.0, 190.0, 52.0, 52.0, hex(0xF5_EFD9));
    canvas.oval(1350.0, 178.0, 46.0, 46.0, hex(0x27_3258));
    let heights =
        [230.0, 330.0, 180.0, 410.0, 260.0, 300.0, 150.0, 360.0, 240.0, 450.0, 200.0, 310.0, 270.0, 220.0];
    let (mut x, mut lit) = (-20.0, 5_u32);
    for (index, height) in heights.into_iter().enumerate() {
        let wide = if index % 3 == 0 { 104.0 } else { 136.0 };
        let top = HORIZON - height;
        canvas.block((x, top), (wide, height), 0.0, hex(if index % 2 == 0 { 0x2A_3358 } else { 0x33_3D64 }));
        let mut y = top + 22.0;
        while y < HORIZON - 40.0 {
            for column in [18.0, 50.0, 82.0] {
                lit = lit.wrapping_mul(1_103_515_245).wrapping_add(12_345);
                if lit & 0x30000 == 0 {
                    canvas.block((x + column, y), (16.0, 20.0), 0.0, hex(0xF2_C879));
                }
            }
            y += 46.0;
        }
        x += wide - 4.0;
    }
    let glow = [(0.0, faded(hex(0xFF_E3B0), 0.30)), (1.0, faded(hex(0xFF_E3B0), 0.0))];
    canvas.oval(800.0, 930.0, 820.0, 200.0, Ink::Glow((0.0, 0.0), 1.0, &glow));
}

fn studio(canvas: &mut Canvas, look: u16) {
    let tone = hex(match look / 6 % 5 {
        0 => 0xE9_B7A4,
        1 => 0xA9_C8BD,
        2 => 0xB4_BEDC,
        3 => 0xE8_CE96,
        _ => 0xC9_B5CF,
    });
    let white = hex(0xFF_FFFF);
    sky(canvas, &[(0.0, mix(tone, white, 0.45)), (1.0, mix(tone, white, 0.62))]);
    canvas.oval(800.0, 520.0, 430.0, 430.0, mix(tone, white, 0.12));
    ground(canvas, [mix(tone, white, 0.30), mix(tone, white, 0.55)]);
}
