//! A connection whose client has to take what it asked for: at least 1 kB/s, or it is cut.
//!
//! **Invariants:** only the time that a write waits for the client counts, so a stream with nothing to say stays open. A client may fall
//! behind the rate by the limit (`server.write_timeout`), as one does whose connection stalls for a moment, and catches up by taking
//! more. A write that need not wait makes no timer.
//!
//! **Why not a crate:** time-outs such as `tokio-io-timeout`'s begin anew with every byte.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::activity::Activity;

/// What one byte pays for, at 1 kB/s.
const PER_BYTE: Duration = Duration::from_millis(1);

pub(super) struct Paced<S> {
    stream: S,
    limit: Duration,
    /// How much longer writes may wait.
    left: Duration,
    /// Since when a write has been waiting, and until when it may.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    activity: Arc<Activity>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, limit: Duration, activity: Arc<Activity>) -> Self {
        Self { stream, limit, left: limit, waiting: None, activity }
    }

    /// The outcome of a write, which fails if it has waited too long.
    fn paced(
        &mut self,
        context: &mut Context<'_>,
        write: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = write else {
            let left = self.left;
            let (_, patience) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
            let late =
                || io::Error::new(io::ErrorKind::TimedOut, "the client takes less than 1 kB/s of its answer");
            return patience.as_mut().poll(context).map(|()| Err(late()));
        };
        if let Some((since, _)) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        if let Ok(count) = written {
            if self.left < self.limit {
                let paid = PER_BYTE.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
                self.left = self.left.saturating_add(paid).min(self.limit);
            }
            self.activity.note();
        }
        Poll::Ready(written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.paced(context, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.paced(context, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn paced(stream: DuplexStream) -> Paced<DuplexStream> {
        Paced::new(stream, LIMIT, Activity::new(std::time::Instant::now()))
    }

    /// What a client gets of 100 kB that takes so many bytes at a time, with a pause before each.
    async fn taken(part: usize, pause: Duration) -> usize {
        let (ours, mut theirs) = duplex(part);
        let write = tokio::spawn(async move { paced(ours).write_all(&vec![7; 100_000]).await });
        let mut taken = 0;
        let mut buffer = vec![0; part];
        loop {
            sleep(pause).await;
            match theirs.read(&mut buffer).await.unwrap() {
                0 => break,
                count => taken += count,
            }
        }
        assert_eq!(write.await.unwrap().is_ok(), taken == 100_000);
        taken
    }

    // Time stands still in these tests, and leaps when everybody waits.

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_takes_fails() {
        let (ours, _theirs) = duplex(4);
        let started = Instant::now();
        assert_eq!(paced(ours).write_all(b"12345").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!((LIMIT..2 * LIMIT).contains(&started.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_gets_everything_and_one_that_takes_a_byte_now_and_then_is_cut() {
        assert_eq!(taken(1000, Duration::from_millis(900)).await, 100_000);
        assert_eq!(taken(20_000, Duration::from_secs(19)).await, 100_000, "in bursts");
        let taken = taken(100, Duration::from_secs(1)).await;
        assert!((3000..5000).contains(&taken), "a tenth of the rate for the limit: {taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_with_nothing_to_say_stays_open() {
        let (ours, mut theirs) = duplex(4);
        let mut ours = paced(ours);
        for _ in 0..3 {
            ours.write_all(b"ping").await.unwrap();
            theirs.read_exact(&mut [0; 4]).await.unwrap();
            sleep(100 * LIMIT).await;
        }
    }
}
