//! E-mail, by SMTP.
//!
//! **Invariants:** the password leaves only over an encrypted connection, or to this machine: with `starttls` a server that does not
//! offer it is refused. Each recipient gets a mail of their own, which names the others. `Message-ID` is the same for every try of a message;
//! firing and end of an alert are one thread.

use std::collections::BTreeSet;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{
        Mailbox,
        header::{ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret;

use super::{ChannelError, SendError, Speaker, cut};
use crate::{
    alerts::message::Notice,
    config::{ChannelSettings, SmtpTls},
};

/// Longer subjects are cut by those who show them.
const MAX_SUBJECT: usize = 150;

pub(super) struct Email {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    /// The one of them whom this mail goes to.
    recipient: Mailbox,
    speaker: Speaker,
}

/// Says that a machine has written it (RFC 3834), so that nobody's holiday notice answers.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Email {
    /// Mail to each who is to get it, once.
    pub(super) fn all(settings: &ChannelSettings, speaker: &Speaker) -> Result<Vec<Self>, ChannelError> {
        let (Some(host), Some(from)) = (&settings.smtp_host, &settings.email_from) else {
            return Ok(Vec::new());
        };
        let encrypted = || TlsParameters::new(host.to_string()).map_err(ChannelError::Mail);
        let (tls, usual_port) = match settings.smtp_tls {
            SmtpTls::Starttls => (Tls::Required(encrypted()?), 587),
            SmtpTls::Tls => (Tls::Wrapper(encrypted()?), 465),
            SmtpTls::None => (Tls::None, 25),
        };
        let port = if settings.smtp_port == 0 { usual_port } else { settings.smtp_port };
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&**host)
            .port(port)
            .tls(tls)
            .timeout(Some(*settings.send_timeout));
        if let (Some(user), Some(password)) = (&settings.smtp_user, &settings.smtp_password) {
            let (user, password) = (user.expose_secret().to_owned(), password.expose_secret().to_owned());
            server = server.credentials(Credentials::new(user, password));
        }
        let mut to: Vec<Mailbox> = settings.email_to.iter().map(|to| to.0.clone()).collect();
        let mut seen = BTreeSet::new();
        to.retain(|to| seen.insert(to.email.to_string()));
        let server = server.build();
        let of = |recipient: &Mailbox| Self {
            server: server.clone(),
            from: from.0.clone(),
            to: to.clone(),
            recipient: recipient.clone(),
            speaker: speaker.clone(),
        };
        Ok(to.iter().map(of).collect())
    }

    /// Whom it goes to.
    pub(super) fn recipient(&self) -> &str {
        self.recipient.email.as_ref()
    }

    pub(super) async fn send(&self, id: &str, notice: &Notice) -> Result<(), SendError> {
        let mail = self
            .mail(id, notice)
            .map_err(|error| SendError::new(format!("it cannot be written: {error}")))?;
        match self.server.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) if refuses_for_good(&error) => Err(SendError {
                for_good: true,
                ..SendError::new(format!(
                    "the mail server refuses mail to {} for good: {error}; mend or remove the address in channels.email_to",
                    self.recipient.email
                ))
            }),
            Err(error) => Err(SendError::new(format!("the mail server did not take it: {error}"))),
        }
    }

    fn mail(&self, id: &str, notice: &Notice) -> Result<Message, lettre::error::Error> {
        let domain = self.from.email.domain();
        let thread = format!("<{}.{}@{domain}>", notice.key, notice.since.timestamp_millis());
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![self.recipient.email.clone()])?;
        let mut mail = Message::builder()
            .envelope(envelope)
            .header(MIME_VERSION_1_0)
            .header(AutoSubmitted)
            .from(self.from.clone())
            .subject(cut(&notice.headline(&self.speaker.name), MAX_SUBJECT))
            .message_id(Some(format!("<{id}@{domain}>")))
            .references(thread)
            .date(notice.at.into());
        for to in &self.to {
            mail = mail.to(to.clone());
        }
        let paragraphs = notice.paragraphs(self.speaker.zone).into_iter();
        let text: Vec<String> = paragraphs.map(|(label, text)| format!("{label}: {text}")).collect();
        mail.header(ContentType::TEXT_PLAIN).body(format!("{}\n", text.join("\n\n")))
    }
}

/// A 5xx (RFC 5321), but for those on commands and logging in (RFC 4954), which an operator can mend in time.
fn refuses_for_good(error: &smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    error.is_permanent() && !code.is_some_and(|code| matches!(code, 500..=504 | 530 | 534 | 535 | 538))
}
