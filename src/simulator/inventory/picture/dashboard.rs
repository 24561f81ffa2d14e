//! A car from inside: the dashboard, whole or close up.
//!
//! **Invariants:** what is seen through the windows is the place where the car stands in its other pictures.

use tiny_skia::Transform;

use super::{
    Name, View, backdrop,
    canvas::{Canvas, Ink, faded, hex, mix, rounded},
    seats::Trim,
    side::zoom,
};

/// Draws the dashboard as seen from between the seats.
pub(super) fn draw(canvas: &mut Canvas, name: Name) {
    let camera = match name.view {
        View::Wheel => zoom(1.75, (460.0, 700.0)),
        View::Screen => zoom(1.9, (900.0, 740.0)),
        _ => Transform::identity(),
    };
    let trim = Trim::of(name.look);
    canvas.placed(Transform::from_row(1.3, 0.0, 0.0, 1.3, -240.0, -330.0), |canvas| {
        backdrop::draw(canvas, name.look);
    });
    canvas.placed(camera, |canvas| {
        frame(canvas);
        board(canvas, &trim);
        instruments(canvas);
        screen(canvas, name.look);
        console(canvas, &trim);
        steering_wheel(canvas, &trim);
    });
}

fn frame(canvas: &mut Canvas) {
    let lining = [(0.0, hex(0xC9_C6C0)), (1.0, hex(0xA5_A29C))];
    let ink = Ink::Blend((0.0, 0.0), (0.0, 170.0), &lining);
    canvas.fill("M -800 -600 L 2400 -600 L 2400 180 L 1600 160 C 1200 84 400 84 0 160 L -800 180 Z", ink);
    canvas.both_sides(800.0, |canvas| {
        canvas.fill(
            "M 1600 130 L 1480 138 C 1530 300 1570 460 1600 600 L 2400 600 L 2400 130 Z",
            hex(0x8E_8B86),
        );
        canvas.line("M 1480 140 C 1530 300 1570 460 1598 590", 6.0, hex(0x6F_6C68));
    });
    canvas.block((786.0, 60.0), (28.0, 90.0), 8.0, hex(0x25_272B));
    canvas.block((690.0, 130.0), (220.0, 76.0), 26.0, hex(0x25_272B));
    let mirror = [(0.0, hex(0xB7_C6CF)), (1.0, hex(0x7F_919D))];
    canvas.block((702.0, 140.0), (196.0, 56.0), 20.0, Ink::Blend((700.0, 140.0), (900.0, 196.0), &mirror));
}

fn board(canvas: &mut Canvas, trim: &Trim) {
    let dark = [(0.0, hex(0x4A_4D54)), (0.12, hex(0x34_373D)), (0.5, trim.plastic), (1.0, hex(0x17_181B))];
    let ink = Ink::Blend((0.0, 520.0), (0.0, 1200.0), &dark);
    canvas.fill(
        "M -800 640 L 0 570 C 220 516 500 520 800 520 C 1100 520 1380 516 1600 570 L 2400 640 \
        L 2400 1800 L -800 1800 Z",
        ink,
    );
    canvas.line(
        "M 0 574 C 220 520 500 524 800 524 C 1100 524 1380 520 1600 574",
        5.0,
        faded(hex(0xFF_FFFF), 0.16),
    );
    // The soft band across, with a line of accent under it.
    let band = [(0.0, mix(trim.fabric, hex(0xFF_FFFF), 0.14)), (1.0, mix(trim.fabric, hex(0x00_0000), 0.22))];
    let path = "M -800 740 L 0 690 C 300 640 620 650 800 650 C 980 650 1300 640 1600 690 L 2400 740 L 2400 840 L 1600 788 \
                C 1300 744 980 748 800 748 C 620 748 300 744 0 788 L -800 840 Z";
    canvas.fill(path, Ink::Blend((0.0, 650.0), (0.0, 790.0), &band));
    canvas.line(
        "M -800 846 L 0 794 C 300 750 620 754 800 754 C 980 754 1300 750 1600 794 L 2400 846",
        7.0,
        trim.accent,
    );
    for x in [60.0, 1310.0] {
        vent(canvas, x, 622.0, 210.0);
    }
    canvas.line("M 1130 836 L 1560 862 L 1540 1010 L 1140 984 Z", 4.0, hex(0x15_1619));
    canvas.block((1300.0, 862.0), (96.0, 16.0), 8.0, hex(0x4B_4E55));
    // Knees' side: the seats' edges at the bottom.
    for (path, from) in [
        ("M -60 1260 C 0 1110 120 1080 320 1088 C 460 1096 560 1130 600 1260 Z", 1080.0),
        ("M 1060 1260 C 1100 1130 1200 1096 1340 1088 C 1520 1080 1620 1110 1680 1260 Z", 1080.0),
    ] {
        let seat =
            [(0.0, mix(trim.fabric, hex(0xFF_FFFF), 0.12)), (1.0, mix(trim.fabric, hex(0x00_0000), 0.35))];
        canvas.fill(path, Ink::Blend((0.0, from), (0.0, 1240.0), &seat));
    }
}

fn vent(canvas: &mut Canvas, x: f32, y: f32, wide: f32) {
    canvas.block((x, y), (wide, 56.0), 18.0, hex(0x14_1517));
    for row in [14.0, 28.0, 42.0] {
        canvas.line(
            &format!("M {} {} L {} {}", x + 16.0, y + row, x + wide - 16.0, y + row),
            5.0,
            hex(0x3C_3F45),
        );
    }
    canvas.line(
        &format!("M {} {} L {} {}", x + wide / 2.0, y + 10.0, x + wide / 2.0, y + 46.0),
        9.0,
        hex(0x56_5A61),
    );
}

fn instruments(canvas: &mut Canvas) {
    canvas.fill("M 226 640 C 236 500 330 476 460 476 C 590 476 684 500 694 640 Z", hex(0x26_282D));
    canvas.line("M 228 630 C 242 504 334 478 460 478 C 586 478 678 504 692 630", 5.0, hex(0x55_5962));
    canvas.fill("M 256 640 C 262 530 346 506 460 506 C 574 506 658 530 664 640 Z", hex(0x0D_0F13));
    for (x, needle) in [(358.0, -38.0), (562.0, 24.0)] {
        canvas.oval(x, 598.0, 66.0, 66.0, hex(0x1A_2028));
        canvas.line(
            &format!(
                "M {} 640 C {} 600 {} 544 {x} 540 C {} 544 {} 600 {} 640",
                x - 46.0,
                x - 66.0,
                x - 50.0,
                x + 50.0,
                x + 66.0,
                x + 46.0
            ),
            5.0,
            hex(0x9F_D3E8),
        );
        canvas.placed(Transform::from_rotate_at(needle, x, 598.0), |canvas| {
            canvas.line(&format!("M {x} 600 L {x} 554"), 5.0, hex(0xF0_5A42));
        });
        canvas.oval(x, 598.0, 9.0, 9.0, hex(0x4A_4F58));
    }
    canvas.block((432.0, 548.0), (56.0, 80.0), 8.0, hex(0x1C_3346));
    canvas.block((442.0, 560.0), (36.0, 10.0), 4.0, hex(0x8F_D0EE));
    canvas.block((442.0, 582.0), (24.0, 8.0), 4.0, hex(0x5B_8CA6));
    canvas.block((442.0, 602.0), (30.0, 8.0), 4.0, hex(0x5B_8CA6));
}

fn screen(canvas: &mut Canvas, look: u16) {
    canvas.block((732.0, 520.0), (336.0, 214.0), 20.0, hex(0x12_1316));
    let face = rounded(746.0, 534.0, 308.0, 186.0, 10.0);
    canvas.inside(&face, |canvas| {
        if look & 0x2000 == 0 {
            // A map with the way home.
            canvas.block((746.0, 534.0), (308.0, 186.0), 0.0, hex(0xDD_E5DC));
            canvas.fill("M 746 650 C 820 630 850 700 930 720 L 746 720 Z", hex(0xAF_D2B4));
            canvas.fill("M 960 534 L 1054 534 L 1054 610 C 1010 600 980 570 960 534 Z", hex(0xA9_CDE3));
            for street in [
                "M 740 590 L 1060 560",
                "M 800 520 L 850 730",
                "M 740 680 L 1060 660",
                "M 960 520 L 1000 730",
            ] {
                canvas.line(street, 9.0, hex(0xFB_FBF8));
            }
            canvas.line("M 836 720 L 826 676 L 984 664 L 962 560", 9.0, hex(0x2F_7FE0));
            canvas.oval(962.0, 562.0, 13.0, 13.0, hex(0xE2_4A3B));
        } else {
            // The home page of a telephone.
            let wall = [(0.0, hex(0x2B_3A6B)), (1.0, hex(0x6B_3F7D))];
            canvas.flood(Ink::Blend((746.0, 534.0), (1054.0, 720.0), &wall));
            let icons =
                [0x4C_C764, 0x2F_7FE0, 0xF2_A33A, 0xE2_4A3B, 0xF4_F4F4, 0x8A_5CD6, 0x34_B7B0, 0xE8_C547];
            for (place, colour) in icons.into_iter().enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "eight icons")]
                let (column, row) = ((place % 4) as f32, (place / 4) as f32);
                canvas.block((772.0 + column * 69.0, 562.0 + row * 76.0), (50.0, 50.0), 14.0, hex(colour));
            }
        }
        let shine = faded(hex(0xFF_FFFF), 0.10);
        canvas.fill("M 746 534 L 900 534 L 800 720 L 746 720 Z", shine);
    });
}

fn console(canvas: &mut Canvas, trim: &Trim) {
    vent(canvas, 742.0, 764.0, 150.0);
    vent(canvas, 908.0, 764.0, 150.0);
    let tunnel = [(0.0, hex(0x3A_3D43)), (1.0, hex(0x1E_1F23))];
    canvas.fill(
        "M 730 840 L 1070 840 C 1080 960 1100 1080 1130 1300 L 670 1300 C 700 1080 720 960 730 840 Z",
        Ink::Blend((0.0, 840.0), (0.0, 1200.0), &tunnel),
    );
    for x in [790.0, 1010.0] {
        canvas.oval(x, 896.0, 40.0, 40.0, hex(0x17_181B));
        canvas.oval(x, 896.0, 32.0, 32.0, hex(0x56_5A61));
        canvas.oval(x, 896.0, 25.0, 25.0, hex(0x2C_2E33));
        canvas.line(&format!("M {x} 884 L {x} 874"), 5.0, hex(0xE9_ECEF));
    }
    for x in [850.0, 886.0, 922.0] {
        canvas.block((x, 884.0), (28.0, 24.0), 6.0, hex(0x4B_4E55));
    }
    canvas.block((800.0, 1000.0), (200.0, 220.0), 40.0, hex(0x15_1619));
    canvas.line("M 800 1040 C 800 1004 840 1000 900 1000 C 960 1000 1000 1004 1000 1040", 4.0, trim.accent);
    canvas.fill(
        "M 856 1130 C 866 1070 880 1040 884 1000 L 916 1000 C 920 1040 934 1070 944 1130 Z",
        mix(trim.fabric, hex(0x00_0000), 0.35),
    );
    let knob = [(0.0, hex(0xC8_CCD1)), (0.25, hex(0x44_474D)), (1.0, hex(0x1A_1B1E))];
    canvas.block((862.0, 940.0), (76.0, 82.0), 32.0, Ink::Blend((0.0, 936.0), (0.0, 1022.0), &knob));
}

fn steering_wheel(canvas: &mut Canvas, trim: &Trim) {
    let ring = "M 460 564 C 600 564 712 674 712 800 C 712 926 600 1028 460 1028 \
        C 320 1028 208 926 208 800 C 208 674 320 564 460 564 Z";
    canvas.placed(Transform::from_translate(10.0, 16.0), |canvas| {
        canvas.line(ring, 46.0, faded(hex(0x00_0000), 0.28));
    });
    canvas.fill(
        "M 222 790 C 300 764 380 752 460 752 C 540 752 620 764 698 790 L 694 838 \
        C 640 838 590 850 560 880 L 360 880 C 330 850 280 838 226 838 Z",
        hex(0x22_2428),
    );
    canvas.fill("M 412 870 L 508 870 L 492 1020 L 428 1020 Z", hex(0x22_2428));
    canvas.line("M 424 884 L 436 1010", 5.0, hex(0x8F_959C));
    canvas.line("M 496 884 L 484 1010", 5.0, hex(0x8F_959C));
    canvas.line(ring, 46.0, hex(0x1C_1D20));
    canvas.line(ring, 34.0, mix(hex(0x2B_2D32), trim.fabric, 0.25));
    canvas.line("M 236 700 C 270 610 360 566 460 566", 5.0, faded(hex(0xFF_FFFF), 0.20));
    let hub = [(0.0, hex(0x44_474E)), (1.0, hex(0x1F_2024))];
    canvas.fill(
        "M 346 760 C 400 736 520 736 574 760 C 588 830 560 890 520 904 L 400 904 \
            C 360 890 332 830 346 760 Z",
        Ink::Blend((0.0, 740.0), (0.0, 904.0), &hub),
    );
    canvas.oval(460.0, 816.0, 36.0, 36.0, hex(0xD9_DDE1));
    canvas.oval(460.0, 816.0, 26.0, 26.0, hex(0x6F_757D));
    canvas.both_sides(460.0, |canvas| {
        canvas.block((592.0, 784.0), (56.0, 40.0), 12.0, hex(0x3C_3F45));
        canvas.line("M 606 804 L 634 804", 5.0, hex(0xC7_CCD1));
    });
}
