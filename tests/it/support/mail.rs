//! A mail server that keeps what it gets: as much of SMTP (RFC 5321) as a sender needs, and login (RFC 4954).

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// What a sender did in one connection.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// What it logged in with, as it was sent: `PLAIN` and base64.
    pub login: Option<String>,
    /// `MAIL FROM` and `RCPT TO`, without their brackets.
    pub from: String,
    pub to: Vec<String>,
    /// The mail, headers and all; `None` when it was not taken.
    pub mail: Option<String>,
    /// What was sent after `STARTTLS`, or before any greeting was said: the beginning of TLS, if it is one.
    pub tls: Vec<u8>,
}

/// What a server says it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offers {
    /// Login, without encryption.
    Login,
    /// Encryption after `STARTTLS`. It never gets further than its beginning.
    Starttls,
    /// Encryption from the first byte on; likewise.
    Tls,
}

/// A server on a free port of this machine.
pub struct MailServer {
    pub port: u16,
    sessions: Arc<Mutex<Vec<Session>>>,
    refusals: Arc<Mutex<u32>>,
    unknown: Arc<Mutex<Vec<String>>>,
    running: JoinHandle<()>,
}

impl MailServer {
    pub async fn start(offers: Offers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sessions, refusals) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let unknown = Arc::new(Mutex::new(Vec::new()));
        let (kept, refused, strangers) = (Arc::clone(&sessions), Arc::clone(&refusals), Arc::clone(&unknown));
        let running = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (kept, refused, strangers) =
                    (Arc::clone(&kept), Arc::clone(&refused), Arc::clone(&strangers));
                connections.spawn(async move {
                    let mut session = Session::default();
                    // A sender that hangs up is no reason to fail.
                    let _ = talk(stream, offers, (&refused, &strangers), &mut session).await;
                    kept.lock().unwrap().push(session);
                });
            }
        });
        Self { port, sessions, refusals, unknown, running }
    }

    /// That many mails are refused for the moment.
    pub fn refuse(&self, mails: u32) {
        *self.refusals.lock().unwrap() = mails;
    }

    /// There is nobody with this address.
    pub fn does_not_know(&self, address: &str) {
        self.unknown.lock().unwrap().push(address.to_owned());
    }

    /// The connections that ended, in their order.
    pub fn sessions(&self) -> Vec<Session> {
        self.sessions.lock().unwrap().clone()
    }

    /// The mails that were taken.
    pub fn mails(&self) -> Vec<String> {
        self.sessions().into_iter().filter_map(|session| session.mail).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn talk(
    stream: TcpStream,
    offers: Offers,
    (refusals, unknown): (&Mutex<u32>, &Mutex<Vec<String>>),
    session: &mut Session,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if offers == Offers::Tls {
        return beginning_of_tls(&mut stream, session).await;
    }
    stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let inside = |text: &str| text.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer: &str = match verb.to_ascii_uppercase().as_str() {
            "EHLO" if offers == Offers::Starttls => "250-mail.test\r\n250 STARTTLS",
            "EHLO" => "250-mail.test\r\n250 AUTH PLAIN",
            "STARTTLS" => {
                stream.write_all(b"220 go on\r\n").await?;
                return beginning_of_tls(&mut stream, session).await;
            }
            "AUTH" => {
                session.login = Some(rest.to_owned());
                "235 welcome"
            }
            "MAIL" => {
                session.from = inside(rest);
                "250 ok"
            }
            "RCPT" => {
                let to = inside(rest);
                let known = !unknown.lock().unwrap().contains(&to);
                session.to.push(to);
                if known { "250 ok" } else { "550 5.1.1 no such user" }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mail = data(&mut stream).await?;
                let refused = {
                    let mut refusals = refusals.lock().unwrap();
                    let refused = *refusals > 0;
                    *refusals = refusals.saturating_sub(1);
                    refused
                };
                if refused {
                    "451 come again later"
                } else {
                    session.mail = Some(mail);
                    "250 taken"
                }
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 ok",
            _ => "502 what?",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(mail);
        }
        mail += &line;
    }
}

async fn beginning_of_tls(stream: &mut BufReader<TcpStream>, session: &mut Session) -> std::io::Result<()> {
    let mut bytes = [0; 3];
    stream.read_exact(&mut bytes).await?;
    session.tls = bytes.to_vec();
    Ok(())
}
