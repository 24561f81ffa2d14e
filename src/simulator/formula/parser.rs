//! Makes a tree of the tokens and computes it.
//!
//! **Invariants:** the tree is never deeper than [`DEPTH_LIMIT`] times the number of precedence levels; `a & b & c …` is one
//! node with a list. From loosest to tightest: comparison, `&`, `+ -`, `* /`, sign. `AND`, `OR` and `IF` compute no argument
//! they do not need.

use super::{
    Invalid, Reference, Row,
    functions::{self, Function},
    lexer::{Op, Token},
    value::{self, Value},
};

/// How deep parentheses, calls and signs may nest. Airtable's own limit is not documented.
pub(super) const DEPTH_LIMIT: usize = 100;

const LEVELS: [&[Op]; 4] = [
    &[Op::Equal, Op::Unequal, Op::Less, Op::Greater, Op::AtMost, Op::AtLeast],
    &[Op::Concat],
    &[Op::Plus, Op::Minus],
    &[Op::Times, Op::Divide],
];

#[derive(Debug)]
pub(super) enum Node {
    Number(f64),
    Text(String),
    Field(Reference),
    Negative(Box<Node>),
    Chain(Box<Node>, Vec<(Op, Node)>),
    Call(Function, Vec<Node>),
}

pub(super) fn parse(tokens: Vec<Token>, field: &dyn Fn(&str) -> Option<Reference>) -> Result<Node, Invalid> {
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), field, unknown: Vec::new(), depth: 0 };
    let node = parser.level(&LEVELS)?;
    if parser.tokens.next().is_some() {
        Err(Invalid::Syntax)
    } else if parser.unknown.is_empty() {
        Ok(node)
    } else {
        Err(Invalid::UnknownFields(parser.unknown))
    }
}

struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    field: &'a dyn Fn(&str) -> Option<Reference>,
    unknown: Vec<String>,
    depth: usize,
}

impl Parser<'_> {
    fn level(&mut self, levels: &[&[Op]]) -> Result<Node, Invalid> {
        let Some((ops, tighter)) = levels.split_first() else { return self.nested(Self::operand) };
        let first = self.level(tighter)?;
        let mut rest = Vec::new();
        while let Some(&Token::Op(op)) = self.tokens.peek()
            && ops.contains(&op)
        {
            self.tokens.next();
            rest.push((op, self.level(tighter)?));
        }
        Ok(if rest.is_empty() { first } else { Node::Chain(Box::new(first), rest) })
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<Node, Invalid>) -> Result<Node, Invalid> {
        if self.depth == DEPTH_LIMIT {
            return Err(Invalid::Syntax);
        }
        self.depth += 1;
        let node = inner(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn operand(&mut self) -> Result<Node, Invalid> {
        Ok(match self.tokens.next() {
            Some(Token::Number(number)) => Node::Number(number),
            Some(Token::Text(text)) => Node::Text(text),
            Some(Token::Word(name)) if self.tokens.next_if_eq(&Token::Open).is_some() => self.call(&name)?,
            Some(Token::Braced(name) | Token::Word(name)) => self.field(name),
            Some(Token::Op(Op::Minus)) => Node::Negative(Box::new(self.nested(Self::operand)?)),
            Some(Token::Open) => {
                let inner = self.level(&LEVELS)?;
                self.tokens.next_if_eq(&Token::Close).ok_or(Invalid::Syntax)?;
                inner
            }
            _ => return Err(Invalid::Syntax),
        })
    }

    fn field(&mut self, name: String) -> Node {
        if let Some(reference) = (self.field)(&name) {
            return Node::Field(reference);
        }
        if !self.unknown.contains(&name) {
            self.unknown.push(name);
        }
        Node::Number(0.0)
    }

    fn call(&mut self, name: &str) -> Result<Node, Invalid> {
        let mut arguments = Vec::new();
        if self.tokens.next_if_eq(&Token::Close).is_none() {
            loop {
                arguments.push(self.level(&LEVELS)?);
                match self.tokens.next() {
                    Some(Token::Comma) => {}
                    Some(Token::Close) => break,
                    _ => return Err(Invalid::Syntax),
                }
            }
        }
        let function = functions::find(name, arguments.len()).ok_or(Invalid::Syntax)?;
        Ok(Node::Call(function, arguments))
    }
}

impl Node {
    pub(super) fn eval<'a>(&'a self, row: &Row<'a>) -> Value<'a> {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text.into()),
            Self::Field(reference) => row
                .cells
                .get(&reference.slot)
                .map_or(Value::Blank, |cell| Value::of(cell, reference.temporal)),
            Self::Negative(inner) => {
                inner.eval(row).number().map_or(Value::Error, |number| Value::Number(-number))
            }
            Self::Chain(first, rest) => rest
                .iter()
                .fold(first.eval(row), |left, (op, right)| value::operate(&left, *op, &right.eval(row))),
            Self::Call(function, arguments) => functions::call(*function, arguments, row),
        }
    }

    /// See [`super::Formula::candidates`].
    pub(super) fn candidates(&self) -> Option<Vec<&str>> {
        match self {
            Self::Chain(left, rest) => match (&**left, rest.as_slice()) {
                (Self::Call(Function::RecordId, _), [(Op::Equal, Self::Text(id))])
                | (Self::Text(id), [(Op::Equal, Self::Call(Function::RecordId, _))]) => Some(vec![id]),
                _ => None,
            },
            Self::Call(Function::Or, arguments) => {
                let each: Option<Vec<_>> = arguments.iter().map(Self::candidates).collect();
                Some(each?.concat())
            }
            Self::Call(Function::And, arguments) => arguments.iter().find_map(Self::candidates),
            _ => None,
        }
    }
}
