//! Whether a ping is Airtable's.
//!
//! **Invariants:** the MAC is taken over the bytes as they arrived and compared in constant time; whatever cannot be read is no MAC.
//!
//! **Sources:** <https://airtable.com/developers/web/api/webhooks-overview>: `X-Airtable-Content-MAC` is `hmac-sha256=` and lower-case hex of
//! HMAC-SHA256, whose key is the decoded `macSecretBase64`; pyairtable's `WebhookNotification.from_request` agrees.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &[u8] = b"hmac-sha256=";

/// A MAC as a header gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentMac([u8; 32]);

impl ContentMac {
    /// Reads the value of `X-Airtable-Content-MAC`.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let (digits, odd) = header.strip_prefix(PREFIX)?.as_chunks::<2>();
        if digits.len() != 32 || !odd.is_empty() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }

    /// Whether it is that of these bytes under this secret, base64 as Airtable gave it.
    pub fn fits(&self, body: &[u8], secret: &SecretString) -> bool {
        let Ok(key) = STANDARD.decode(secret.expose_secret().trim()) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return false };
        mac.update(body);
        mac.verify_slice(&self.0).is_ok()
    }
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"what do ya want for nothing?";
    /// RFC 4231, test case 2, whose key is "Jefe".
    const GOOD: &str = "hmac-sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn fits(header: &str, body: &[u8], secret: &str) -> bool {
        ContentMac::parse(header.as_bytes()).is_some_and(|mac| mac.fits(body, &secret.into()))
    }

    #[test]
    fn a_mac_fits_its_bytes_and_its_secret_and_no_others() {
        assert!(fits(GOOD, BODY, "SmVmZQ=="));
        assert!(!fits(GOOD, b"what do ya want for nothing!", "SmVmZQ=="));
        assert!(!fits(GOOD, BODY, "SmVmZg=="));
        assert!(!fits(GOOD, BODY, "no base64"));
        assert!(!fits(&GOOD.replace("5b", "5c"), BODY, "SmVmZQ=="));
    }

    #[test]
    fn what_is_no_mac_is_none() {
        for header in [
            "",
            "hmac-sha256=",
            "sha256=5bdc",
            &GOOD[12..],
            &GOOD[..75],
            &format!("{GOOD}0"),
            &GOOD.replace('5', "g"),
        ] {
            assert_eq!(ContentMac::parse(header.as_bytes()), None, "{header}");
        }
    }
}
