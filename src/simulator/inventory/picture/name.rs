//! The name of a picture, which says what it shows: `{body}-{paint}-{view}-{look}.png`.
//!
//! **Invariants:** [`Name::parse`] reads exactly what [`Name`] prints.

use std::fmt;

use tiny_skia::Color;

use super::canvas::hex;

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Name {
    pub(in super::super) body: Body,
    pub(in super::super) paint: Paint,
    pub(in super::super) view: View,
    /// What else it varies by: place, rims, upholstery, direction.
    pub(in super::super) look: u16,
}

impl Name {
    /// The name in a file name, or `None` if it is none of ours.
    pub(in super::super) fn parse(file: &str) -> Option<Self> {
        let mut words = file.strip_suffix(".png")?.split('-');
        let mut word = || words.next();
        let name = Self {
            body: Body::from_word(word()?)?,
            paint: Paint::from_word(word()?)?,
            view: View::from_word(word()?)?,
            look: u16::from_str_radix(word()?, 16).ok()?,
        };
        (name.to_string() == file).then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body, paint, view, look } = self;
        write!(out, "{}-{}-{}-{look:04x}.png", body.word(), paint.word(), view.word())
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $kind:ident { $($case:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in super::super) enum $kind { $($case),+ }

        impl $kind {
            pub(in super::super) const ALL: &[Self] = &[$(Self::$case),+];

            /// The Spanish word for it, lower-case ASCII.
            pub(in super::super) fn word(self) -> &'static str {
                match self { $(Self::$case => $word),+ }
            }

            fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|case| case.word() == word)
            }
        }
    };
}

words! {
    /// The silhouette.
    Body { Sedan = "sedan", Hatchback = "hatchback", Suv = "suv", Pickup = "pickup", Minivan = "minivan", Coupe = "coupe" }
}
words! {
    /// The colour of the body.
    Paint {
        White = "blanco", Silver = "plata", Grey = "gris", Black = "negro", Red = "rojo", Blue = "azul", Wine = "vino",
        Sand = "arena", Green = "verde", Orange = "naranja", Sky = "celeste",
    }
}
words! {
    /// Where the camera stands.
    View {
        Side = "lateral", Profile = "perfil", Front = "frente", Rear = "trasera", Rim = "rin", Nose = "faro",
        Dashboard = "tablero", Seats = "asientos", Wheel = "volante", Screen = "pantalla",
    }
}

impl View {
    /// The views from outside.
    pub(in super::super) const OUTSIDE: &[Self] =
        &[Self::Side, Self::Front, Self::Rear, Self::Profile, Self::Nose, Self::Rim];
    /// The views from inside.
    pub(in super::super) const INSIDE: &[Self] = &[Self::Dashboard, Self::Seats, Self::Wheel, Self::Screen];
}

impl Paint {
    /// A colour as often as it is seen on the road: every other car is white, silver, grey or black.
    pub(in super::super) fn any(rng: &mut fastrand::Rng) -> Self {
        let sober = &[Self::White, Self::Silver, Self::Grey, Self::Black];
        let among = if rng.bool() { sober } else { Self::ALL };
        rng.choice(among).copied().unwrap_or(Self::White)
    }

    pub(super) fn colour(self) -> Color {
        hex(match self {
            Self::White => 0xF1_F1EE,
            Self::Silver => 0xBC_C3C9,
            Self::Grey => 0x6B_737B,
            Self::Black => 0x2B_2E34,
            Self::Red => 0xC0_2A2F,
            Self::Blue => 0x25_56A3,
            Self::Wine => 0x6E_1F33,
            Self::Sand => 0xC9_AE86,
            Self::Green => 0x2F_6B52,
            Self::Orange => 0xDD_7027,
            Self::Sky => 0x76_B2D3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_as_what_it_prints() {
        for &body in Body::ALL {
            for &paint in Paint::ALL {
                for &view in View::ALL {
                    let name = Name { body, paint, view, look: 0x3f9a };
                    assert_eq!(Name::parse(&name.to_string()), Some(name));
                }
            }
        }
    }

    #[test]
    fn every_view_is_from_outside_or_from_inside() {
        for view in View::ALL {
            assert_ne!(View::OUTSIDE.contains(view), View::INSIDE.contains(view), "{view:?}");
        }
    }

    #[test]
    fn any_other_name_is_refused() {
        for other in [
            "",
            "suv-rojo-frente-3f9a",
            "suv-rojo-frente-3f9a.jpg",
            "suv-rojo-frente-3F9A.png",
            "suv-rojo-frente-3f9.png",
            "suv-rojo-frente-+f9a.png",
            "suv-rojo-frente-3f9a-1.png",
            "suv-rosa-frente-3f9a.png",
            "../suv-rojo-frente-3f9a.png",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
