//! The photos of the sample cars: a few drawings, shared by the cars that look alike.
//!
//! **Invariants:** a car from outside is `{body}-{paint}-{view}.webp`, one from inside `{trim}-{view}.webp`; every body has all its
//! paints, and every paint and trim all its views. All are 800 × 600 pixels.

use super::pick;

/// The silhouette of a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Sedan,
    Hatchback,
    Suv,
    Pickup,
    Minivan,
    Coupe,
}

impl Body {
    /// The word for it in the names of pictures, and the paints it is drawn in.
    fn drawn(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Sedan => ("sedan", &["plata", "rojo", "azul"]),
            Self::Hatchback => ("hatchback", &["blanco", "celeste"]),
            Self::Suv => ("suv", &["gris", "blanco"]),
            Self::Pickup => ("pickup", &["negro", "arena"]),
            Self::Minivan => ("minivan", &["vino"]),
            Self::Coupe => ("coupe", &["verde"]),
        }
    }
}

/// The views from outside.
pub(super) const OUTSIDE: &[&str] = &["lateral", "frente", "trasera"];
/// The views from inside.
pub(super) const INSIDE: &[&str] = &["tablero", "asientos"];
const TRIMS: &[&str] = &["negro", "beige", "cafe"];

/// How one car looks.
pub(super) struct Look {
    body: &'static str,
    /// The Spanish word for its colour.
    pub(super) paint: &'static str,
    trim: &'static str,
}

impl Look {
    /// Any of the looks of a body.
    pub(super) fn any(rng: &mut fastrand::Rng, body: Body) -> Self {
        let (body, paints) = body.drawn();
        Self { body, paint: pick(rng, paints), trim: pick(rng, TRIMS) }
    }

    /// The name of the picture that shows a view of it.
    pub(super) fn picture(&self, view: &str) -> String {
        let Self { body, paint, trim } = self;
        if INSIDE.contains(&view) {
            format!("{trim}-{view}.webp")
        } else {
            format!("{body}-{paint}-{view}.webp")
        }
    }
}

/// The name of the picture that shows another view of the same car.
pub(super) fn from_elsewhere(picture: &str, view: &str) -> Option<String> {
    let (car, _) = picture.rsplit_once('-')?;
    Some(format!("{car}-{view}.webp"))
}

macro_rules! pictures {
    ($($car:literal [$($view:literal)+])+) => {
        &[$($((
            concat!($car, "-", $view, ".webp"),
            include_bytes!(concat!("pictures/", $car, "-", $view, ".webp")),
        )),+),+]
    };
}

/// Every picture by its name.
const PICTURES: &[(&str, &[u8])] = pictures! {
    "coupe-verde" ["lateral" "frente" "trasera"]
    "hatchback-blanco" ["lateral" "frente" "trasera"]
    "hatchback-celeste" ["lateral" "frente" "trasera"]
    "minivan-vino" ["lateral" "frente" "trasera"]
    "pickup-arena" ["lateral" "frente" "trasera"]
    "pickup-negro" ["lateral" "frente" "trasera"]
    "sedan-azul" ["lateral" "frente" "trasera"]
    "sedan-plata" ["lateral" "frente" "trasera"]
    "sedan-rojo" ["lateral" "frente" "trasera"]
    "suv-blanco" ["lateral" "frente" "trasera"]
    "suv-gris" ["lateral" "frente" "trasera"]
    "beige" ["tablero" "asientos"]
    "cafe" ["tablero" "asientos"]
    "negro" ["tablero" "asientos"]
};

/// The WebP file of a photo that [`vehicles`](super::vehicles) name, or `None` for any other name.
pub fn picture(name: &str) -> Option<&'static [u8]> {
    PICTURES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_look_has_a_picture_of_every_view_and_no_picture_is_left_over() {
        let bodies = [Body::Sedan, Body::Hatchback, Body::Suv, Body::Pickup, Body::Minivan, Body::Coupe];
        let mut shown = BTreeSet::new();
        for (body, paints) in bodies.map(Body::drawn) {
            for paint in paints {
                for trim in TRIMS {
                    let look = Look { body, paint, trim };
                    shown.extend(OUTSIDE.iter().chain(INSIDE).map(|view| look.picture(view)));
                }
            }
        }
        assert_eq!(shown, PICTURES.iter().map(|(name, _)| (*name).to_owned()).collect());
    }

    #[test]
    fn pictures_are_small_webp_files() {
        for (name, bytes) in PICTURES {
            assert!(bytes.starts_with(b"RIFF") && bytes[8..].starts_with(b"WEBPVP8 "), "{name}");
            assert!(bytes.len() < 20_000, "{name}: {} bytes", bytes.len());
        }
        assert_eq!(picture("sedan-rojo-lateral.png"), None);
    }
}
