//! Cuts a formula's text into tokens.
//!
//! **Invariants:** strings stand in single or double quotes with backslash escapes; field names with anything but letters,
//! digits and underscores stand in braces, where a backslash escapes too.

use std::{iter::Peekable, str::Chars};

use super::Invalid;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// `{Field Name}` or `{fld…}`.
    Braced(String),
    /// A bare word: a function before `(`, else a field.
    Word(String),
    Op(Op),
    Open,
    Close,
    Comma,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    Unequal,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Concat,
    Plus,
    Minus,
    Times,
    Divide,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Invalid> {
    let mut chars = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(&next) = chars.peek() {
        if next.is_whitespace() {
            chars.next();
        } else if next.is_ascii_digit() || next == '.' {
            let digits = take_while(&mut chars, |c| c.is_ascii_digit() || c == '.');
            tokens.push(Token::Number(digits.parse().map_err(|_| Invalid::Syntax)?));
        } else if next.is_alphabetic() || next == '_' {
            tokens.push(Token::Word(take_while(&mut chars, |c| c.is_alphanumeric() || c == '_')));
        } else {
            chars.next();
            tokens.push(symbol(next, &mut chars)?);
        }
    }
    Ok(tokens)
}

fn symbol(first: char, chars: &mut Peekable<Chars<'_>>) -> Result<Token, Invalid> {
    let mut followed_by = |expected| chars.next_if_eq(&expected).is_some();
    Ok(match first {
        '(' => Token::Open,
        ')' => Token::Close,
        ',' => Token::Comma,
        '=' => Token::Op(Op::Equal),
        '!' if followed_by('=') => Token::Op(Op::Unequal),
        '<' if followed_by('=') => Token::Op(Op::AtMost),
        '>' if followed_by('=') => Token::Op(Op::AtLeast),
        '<' => Token::Op(Op::Less),
        '>' => Token::Op(Op::Greater),
        '&' => Token::Op(Op::Concat),
        '+' => Token::Op(Op::Plus),
        '-' => Token::Op(Op::Minus),
        '*' => Token::Op(Op::Times),
        '/' => Token::Op(Op::Divide),
        '"' | '\'' => Token::Text(until(first, chars, unescape)?),
        '{' => Token::Braced(until('}', chars, |escaped| escaped)?),
        _ => return Err(Invalid::Syntax),
    })
}

fn take_while(chars: &mut Peekable<Chars<'_>>, keep: impl Fn(char) -> bool) -> String {
    let mut taken = String::new();
    while let Some(c) = chars.next_if(|&c| keep(c)) {
        taken.push(c);
    }
    taken
}

fn until(end: char, chars: &mut Peekable<Chars<'_>>, unescape: fn(char) -> char) -> Result<String, Invalid> {
    let mut text = String::new();
    loop {
        match chars.next() {
            Some(c) if c == end => return Ok(text),
            Some('\\') => text.push(unescape(chars.next().ok_or(Invalid::Syntax)?)),
            Some(c) => text.push(c),
            None => return Err(Invalid::Syntax),
        }
    }
}

fn unescape(escaped: char) -> char {
    match escaped {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}
