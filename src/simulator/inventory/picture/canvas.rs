//! A sheet of 1600 × 1200 units to draw on, whatever its size in pixels.
//!
//! **Invariants:** shapes are anti-aliased; a path that makes no sense draws nothing, and fails the tests.
//!
//! **Units:** x to the right and y down, in 1600ths of the picture's width.
//!
//! **Sources:** paths are written as in SVG, with absolute `M`, `L`, `C`, `Q` and `Z` only.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LinearGradient, Mask, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Shader, SpreadMode, Stroke, Transform,
};

/// What a shape is filled with.
#[derive(Clone, Copy)]
pub(super) enum Ink<'a> {
    /// One colour.
    Flat(Color),
    /// From a point to another, by position between 0 and 1.
    Blend((f32, f32), (f32, f32), &'a [(f32, Color)]),
    /// From a centre outwards to a radius.
    Glow((f32, f32), f32, &'a [(f32, Color)]),
}

impl From<Color> for Ink<'_> {
    fn from(colour: Color) -> Self {
        Self::Flat(colour)
    }
}

/// The sheet.
pub(super) struct Canvas {
    pixmap: Pixmap,
    to_pixels: Transform,
    clip: Option<Mask>,
}

impl Canvas {
    pub(super) const WIDTH: f32 = 1600.0;
    pub(super) const HEIGHT: f32 = 1200.0;

    /// A sheet that becomes a picture of this many pixels in width.
    pub(super) fn new(width: u32) -> Option<Self> {
        let pixmap = Pixmap::new(width, (width * 3 / 4).max(1))?;
        #[expect(clippy::cast_precision_loss, reason = "at most 1600")]
        let scale = width as f32 / Self::WIDTH;
        Some(Self { pixmap, to_pixels: Transform::from_scale(scale, scale), clip: None })
    }

    /// Draws with moved, turned or scaled units.
    pub(super) fn placed(&mut self, placement: Transform, draw: impl FnOnce(&mut Self)) {
        let before = self.to_pixels;
        self.to_pixels = before.pre_concat(placement);
        draw(self);
        self.to_pixels = before;
    }

    /// Draws twice, the second time mirrored at the vertical line through `x`.
    pub(super) fn both_sides(&mut self, x: f32, draw: impl Fn(&mut Self)) {
        draw(self);
        self.placed(Transform::from_row(-1.0, 0.0, 0.0, 1.0, 2.0 * x, 0.0), draw);
    }

    /// Draws only what lies inside a path.
    pub(super) fn inside(&mut self, path: &str, draw: impl FnOnce(&mut Self)) {
        let (Some(path), Some(mut mask)) =
            (known(path), Mask::new(self.pixmap.width(), self.pixmap.height()))
        else {
            return;
        };
        mask.fill_path(&path, FillRule::Winding, true, self.to_pixels);
        let before = self.clip.replace(mask);
        draw(self);
        self.clip = before;
    }

    /// Fills a path.
    pub(super) fn fill<'a>(&mut self, path: &str, ink: impl Into<Ink<'a>>) {
        if let Some(path) = known(path) {
            self.fill_path(&path, ink.into());
        }
    }

    /// Draws along a path, with round ends.
    pub(super) fn line<'a>(&mut self, path: &str, width: f32, ink: impl Into<Ink<'a>>) {
        if let (Some(path), Some(paint)) = (known(path), paint(ink.into())) {
            let stroke = Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &paint, &stroke, self.to_pixels, self.clip.as_ref());
        }
    }

    /// Fills the ellipse around `x`, `y` with these half-axes.
    pub(super) fn oval<'a>(&mut self, x: f32, y: f32, wide: f32, high: f32, ink: impl Into<Ink<'a>>) {
        // A circle of radius 1, so that a glow in it becomes elliptic too.
        let placement = Transform::from_row(wide, 0.0, 0.0, high, x, y);
        if let Some(circle) = PathBuilder::from_circle(0.0, 0.0, 1.0) {
            self.placed(placement, |canvas| canvas.fill_path(&circle, ink.into()));
        }
    }

    /// Fills a rectangle with rounded corners.
    pub(super) fn block<'a>(
        &mut self,
        (x, y): (f32, f32),
        (wide, high): (f32, f32),
        round: f32,
        ink: impl Into<Ink<'a>>,
    ) {
        self.fill(&rounded(x, y, wide, high, round), ink);
    }

    /// Fills everything.
    pub(super) fn flood<'a>(&mut self, ink: impl Into<Ink<'a>>) {
        self.block((0.0, 0.0), (Self::WIDTH, Self::HEIGHT), 0.0, ink);
    }

    /// The picture.
    pub(super) fn png(self) -> Option<Vec<u8>> {
        self.pixmap.encode_png().ok()
    }

    fn fill_path(&mut self, path: &Path, ink: Ink<'_>) {
        if let Some(paint) = paint(ink) {
            self.pixmap.fill_path(path, &paint, FillRule::Winding, self.to_pixels, self.clip.as_ref());
        }
    }
}

/// The colour `0xRRGGBB`.
pub(super) fn hex(rgb: u32) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color::from_rgba8(red, green, blue, 255)
}

/// The colour with this opacity, from 0 to 1.
pub(super) fn faded(mut colour: Color, opacity: f32) -> Color {
    colour.set_alpha(opacity);
    colour
}

/// The colour `share` of the way from one to the other.
pub(super) fn mix(one: Color, other: Color, share: f32) -> Color {
    let between = |one: f32, other: f32| (one + (other - one) * share).clamp(0.0, 1.0);
    let mut mixed = one;
    mixed.set_red(between(one.red(), other.red()));
    mixed.set_green(between(one.green(), other.green()));
    mixed.set_blue(between(one.blue(), other.blue()));
    mixed
}

/// The path of a rectangle with rounded corners.
pub(super) fn rounded(x: f32, y: f32, wide: f32, high: f32, round: f32) -> String {
    let (right, bottom, r) = (x + wide, y + high, round);
    format!(
        "M {} {y} L {} {y} Q {right} {y} {right} {} L {right} {} Q {right} {bottom} {} {bottom} L {} {bottom} \
         Q {x} {bottom} {x} {} L {x} {} Q {x} {y} {} {y} Z",
        x + r,
        right - r,
        y + r,
        bottom - r,
        right - r,
        x + r,
        bottom - r,
        y + r,
        x + r,
    )
}

/// The path of one of our drawings, which is known to make sense.
fn known(text: &str) -> Option<Path> {
    let path = parse(text);
    debug_assert!(path.is_some(), "not a path: {text}");
    path
}

/// The path that SVG-like text describes.
fn parse(text: &str) -> Option<Path> {
    let mut words = text.split_ascii_whitespace();
    let mut path = PathBuilder::new();
    while let Some(command) = words.next() {
        let mut next = || words.next()?.parse::<f32>().ok();
        match command {
            "M" => path.move_to(next()?, next()?),
            "L" => path.line_to(next()?, next()?),
            "Q" => path.quad_to(next()?, next()?, next()?, next()?),
            "C" => path.cubic_to(next()?, next()?, next()?, next()?, next()?, next()?),
            "Z" => path.close(),
            _ => return None,
        }
    }
    path.finish()
}

fn paint(ink: Ink<'_>) -> Option<Paint<'static>> {
    let stops = |stops: &[(f32, Color)]| {
        stops.iter().map(|(position, colour)| GradientStop::new(*position, *colour)).collect::<Vec<_>>()
    };
    let point = |(x, y): (f32, f32)| Point::from_xy(x, y);
    let (pad, same) = (SpreadMode::Pad, Transform::identity());
    let shader = match ink {
        Ink::Flat(colour) => Shader::SolidColor(colour),
        Ink::Blend(from, to, colours) => {
            LinearGradient::new(point(from), point(to), stops(colours), pad, same)?
        }
        Ink::Glow(centre, radius, colours) => {
            RadialGradient::new(point(centre), 0.0, point(centre), radius, stops(colours), pad, same)?
        }
    };
    Some(Paint { shader, anti_alias: true, ..Paint::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_path_and_nonsense_does_not() {
        let square = parse("M 0 0 L 10 0 L 10 10 L 0 10 Z").unwrap();
        assert_eq!((square.bounds().width(), square.bounds().height()), (10.0, 10.0));
        assert!(parse(&rounded(5.0, 5.0, 40.0, 30.0, 8.0)).is_some());
        for wrong in ["", "M 0", "M 0 0 L ten 0", "M 0 0 A 1 1 0 0 0 5 5"] {
            assert!(parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_drawn_inside_a_path_stays_there() {
        let mut canvas = Canvas::new(160).unwrap();
        canvas.inside("M 0 0 L 800 0 L 800 1200 L 0 1200 Z", |canvas| canvas.flood(hex(0xFF_0000)));
        assert_eq!(canvas.pixmap.pixel(40, 60).unwrap().red(), 255);
        assert_eq!(canvas.pixmap.pixel(120, 60).unwrap().alpha(), 0);
    }
}
