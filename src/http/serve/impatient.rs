//! A connection on which no write waits for ever: a client that asks and never reads would hold it, and its place, for good.
//!
//! **Invariants:** what counts is progress: a write that waits longer than the limit for the client to take a single byte fails, and
//! with it the connection. A slow client that reads keeps it, and so does a stream of events with nothing to say. A write that need
//! not wait costs nothing: the timer is made by the first that does.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

pub(super) struct Impatient<S> {
    stream: S,
    limit: Duration,
    /// Runs while a write waits.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Impatient<S> {
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, patience: None }
    }

    /// What became of a write; if it waits, whether it has waited too long.
    fn bounded<T>(&mut self, context: &mut Context<'_>, write: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.patience = None;
            return write;
        }
        let limit = self.limit;
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(limit)));
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing of its answer");
        patience.as_mut().poll(context).map(|()| Err(late()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(context, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.bounded(context, write)
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    // Time stands still in these tests, and leaps when everybody waits.

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_takes_fails() {
        let (ours, _theirs) = duplex(4);
        let mut ours = Impatient::new(ours, LIMIT);
        let started = tokio::time::Instant::now();
        assert_eq!(ours.write_all(b"12345").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!((LIMIT..2 * LIMIT).contains(&started.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_a_little_now_and_then_gets_everything() {
        let (ours, mut theirs) = duplex(4);
        let write = tokio::spawn(async move {
            let mut ours = Impatient::new(ours, LIMIT);
            ours.write_all(&[7; 40]).await
        });
        let mut read = Vec::new();
        let mut part = [0; 4];
        while read.len() < 40 {
            sleep(LIMIT * 9 / 10).await;
            let count = theirs.read(&mut part).await.unwrap();
            read.extend_from_slice(&part[..count]);
        }
        write.await.unwrap().unwrap();
        assert_eq!(read, [7; 40]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_with_nothing_to_say_stays_open() {
        let (ours, mut theirs) = duplex(4);
        let mut ours = Impatient::new(ours, LIMIT);
        for _ in 0..3 {
            ours.write_all(b"ping").await.unwrap();
            theirs.read_exact(&mut [0; 4]).await.unwrap();
            sleep(100 * LIMIT).await;
        }
    }
}
