//! E-mail, by SMTP.
//!
//! **Invariants:** the password leaves only over an encrypted connection, or to this machine: with `starttls` a server that does not
//! offer it is refused. `Message-ID` is the same for every try of a message; firing and end of an alert are one thread.

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
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
    speaker: Speaker,
}

impl Email {
    /// Mail, if anybody is to get it.
    pub(super) fn of(settings: &ChannelSettings, speaker: &Speaker) -> Option<Result<Self, ChannelError>> {
        (!settings.email_to.is_empty()).then(|| Self::new(settings, speaker))
    }

    fn new(settings: &ChannelSettings, speaker: &Speaker) -> Result<Self, ChannelError> {
        let host = settings.smtp_host.as_deref().ok_or(ChannelError::Setting("smtp_host"))?;
        let encrypted = || TlsParameters::new(host.to_owned()).map_err(ChannelError::Mail);
        let (tls, usual_port) = match settings.smtp_tls {
            SmtpTls::Starttls => (Tls::Required(encrypted()?), 587),
            SmtpTls::Tls => (Tls::Wrapper(encrypted()?), 465),
            SmtpTls::None => (Tls::None, 25),
        };
        let port = if settings.smtp_port == 0 { usual_port } else { settings.smtp_port };
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(settings.send_timeout));
        if let (Some(user), Some(password)) = (&settings.smtp_user, &settings.smtp_password) {
            let (user, password) = (user.expose_secret().to_owned(), password.expose_secret().to_owned());
            server = server.credentials(Credentials::new(user, password));
        }
        let from = settings.email_from.as_deref().and_then(|from| from.parse().ok());
        let to = settings.email_to.iter().map(|to| to.parse()).collect::<Result<_, _>>();
        Ok(Self {
            server: server.build(),
            from: from.ok_or(ChannelError::Setting("email_from"))?,
            to: to.map_err(|_| ChannelError::Setting("email_to"))?,
            speaker: speaker.clone(),
        })
    }

    pub(super) async fn send(&self, id: &str, notice: &Notice) -> Result<(), SendError> {
        let mail = self
            .mail(id, notice)
            .map_err(|error| SendError::new(format!("it cannot be written: {error}")))?;
        match self.server.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) => Err(SendError::new(format!("the mail server did not take it: {error}"))),
        }
    }

    fn mail(&self, id: &str, notice: &Notice) -> Result<Message, lettre::error::Error> {
        let domain = self.from.email.domain();
        let thread = format!("<{}.{}@{domain}>", notice.key, notice.since.timestamp_millis());
        let mut mail = Message::builder()
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
