//! What no handler says of its answers: the headers that layers add, what is refused around the handlers, and HEAD.
//!
//! **Invariants:** what many answers share is said once, as a component, and referred to. A test compares real answers with the
//! description and finds no status and no header that is missing in it.

use utoipa::openapi::{
    Content, Header, HeaderBuilder, Object, OpenApi as Description, Ref, RefOr, Response, Type,
    path::Operation, security::SecurityRequirement,
};

use super::{super::reads::FUNCTIONS, PATH};

/// The documented response headers.
const HEADERS: [(&str, &str); 22] = [
    ("access-control-allow-headers", "Those that the browser asked about"),
    ("access-control-allow-methods", "`GET,HEAD`"),
    (
        "access-control-allow-origin",
        "Of what is public: `*`, or the caller's origin if the operator has named those that may read and it is one of them",
    ),
    ("access-control-expose-headers", "Of what is public: the headers that a script may read"),
    ("access-control-max-age", "How many seconds a browser need not ask again"),
    ("allow", "The methods that the address takes"),
    ("cache-control", "`no-store` where nobody should keep it; else how long, as the operator has set it"),
    ("content-encoding", "`br`, `zstd` or `gzip`, whichever the client likes best, if it takes any"),
    ("content-security-policy", "What the page may load"),
    ("cross-origin-opener-policy", "`same-origin`"),
    ("etag", "A strong validator of this form of the body"),
    ("location", "Where to look instead"),
    ("referrer-policy", "What other sites may know"),
    ("retry-after", "In how many seconds to come again"),
    ("server-timing", "How long the parts took, in ms"),
    ("surrogate-key", "`vehicles`, and the record ids of those in it unless they are too many: for a CDN"),
    ("vary", "What it depends on: `accept-encoding`, and `origin` unless any may read"),
    ("www-authenticate", "`Bearer`"),
    ("x-cache", "Where it came from: `hit`, `miss` or `stale`"),
    ("x-content-type-options", "`nosniff`"),
    ("x-frame-options", "`DENY`"),
    ("x-request-id", "The caller's, if it is sane, else a new one; it stands in the log"),
];

/// Those whose value is a whole number.
const NUMBERS: [&str; 2] = ["access-control-max-age", "retry-after"];

/// What every answer of a public route has.
const OF_PUBLIC: [&str; 3] = ["access-control-allow-origin", "access-control-expose-headers", "vary"];

const PROBLEM: &str = "application/problem+json";

/// Completes the operations; `public` are the addresses that browsers of other origins may read.
pub(super) fn describe(api: &mut Description, public: &[String]) {
    for (path, item) in &mut api.paths.paths {
        let is_public = path == PATH || public.contains(path);
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            let kind = Kind::of(path, operation, is_public);
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    add(response, &kind.headers(status, response));
                }
            }
            let always = [("431", "TooLong"), ("500", "Mistake"), ("503", "Unavailable")];
            for (status, name) in always.into_iter().chain(is_public.then_some(("429", "TooMany"))) {
                let shared = || RefOr::Ref(Ref::from_response_name(name));
                operation.responses.responses.entry(status.to_owned()).or_insert_with(shared);
            }
        }
        item.head = item.get.as_ref().map(head);
    }
    let components = api.components.get_or_insert_default();
    components.headers = HEADERS.map(|(name, what)| (name.to_owned(), RefOr::T(header(name, what)))).into();
    for (name, response) in shared() {
        let mut bare = response.clone();
        bare.content.clear();
        components.responses.insert(bodiless(name), RefOr::T(bare));
        components.responses.insert(name.to_owned(), RefOr::T(response));
    }
    let asked_first =
        ["access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"];
    let mut preflight = Response::new("What a browser of another origin may ask of a public address");
    add(&mut preflight, &["x-request-id", "allow"]);
    add(&mut preflight, &OF_PUBLIC);
    add(&mut preflight, &asked_first);
    components.responses.insert("Preflight".to_owned(), RefOr::T(preflight));
}

/// What tells which headers an operation's answers have.
struct Kind<'a> {
    path: &'a str,
    is_public: bool,
    /// Whether only operators may ask.
    is_guarded: bool,
    /// Whether there are several forms with validators.
    has_forms: bool,
}

impl<'a> Kind<'a> {
    fn of(path: &'a str, operation: &Operation, is_public: bool) -> Self {
        let admin = SecurityRequirement::new::<_, [&str; 0], _>("admin", []);
        Self {
            path,
            is_public,
            is_guarded: operation.security.as_ref().is_some_and(|asked| asked.contains(&admin)),
            has_forms: operation.responses.responses.contains_key("304"),
        }
    }

    /// Whether the catalog answers.
    fn is_cached(&self) -> bool {
        let starts = ["/vehicles", "/rapid-processor", FUNCTIONS];
        self.has_forms && starts.iter().any(|start| self.path.starts_with(start))
    }

    fn headers(&self, status: &str, response: &Response) -> Vec<&'static str> {
        let is_success = status.starts_with('2');
        let has_content = self.has_forms && matches!(status, "200" | "304");
        let is_listed = self.is_cached() && matches!(status, "200" | "304" | "308");
        let is_page =
            matches!(self.path, "/dashboard" | "/docs/") && matches!(status, "200" | "304" | "500" | "503");
        // What holds for this moment alone.
        let is_figures =
            ["/healthz", "/readyz", "/metrics"].contains(&self.path) || self.path.ends_with("/cache-stats");
        let is_for_one =
            response.content.contains_key(PROBLEM) || is_success && (self.is_guarded || is_figures);
        let rules: [(bool, &[&'static str]); 13] = [
            (true, &["x-request-id"]),
            (self.is_public, &OF_PUBLIC),
            (is_for_one, &["cache-control"]),
            (status == "401", &["www-authenticate"]),
            (matches!(status, "303" | "308"), &["location"]),
            (matches!(status, "429" | "503"), &["retry-after"]),
            (has_content, &["etag", "vary", "cache-control"]),
            (has_content && is_success, &["content-encoding"]),
            (self.is_cached() && matches!(status, "404" | "410"), &["x-cache", "server-timing"]),
            (is_listed, &["cache-control", "surrogate-key", "x-cache", "server-timing"]),
            (self.path == "/dashboard", &["cache-control"]),
            (is_page, &["content-security-policy", "x-content-type-options", "referrer-policy"]),
            (is_page && self.path == "/dashboard", &["x-frame-options", "cross-origin-opener-policy"]),
        ];
        rules.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, names)| names.iter().copied()).collect()
    }
}

/// What is answered around the handlers.
fn shared() -> [(&'static str, Response); 6] {
    let problem = |what: &str, own: &[&str]| {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let mut response = Response::new(what);
        response.content.insert(PROBLEM.to_owned(), RefOr::T(content));
        add(&mut response, &["x-request-id", "cache-control"]);
        add(&mut response, &OF_PUBLIC);
        add(&mut response, own);
        response
    };
    let unavailable = "The database is out of reach and no last known answer is there, there are too many requests, or it took too long; \
        try again";
    [
        ("UnknownAddress", problem("There is nothing at this address", &[])),
        ("WrongMethod", problem("The address does not take this method", &["allow"])),
        ("TooMany", problem("Too many requests from this client", &["retry-after"])),
        ("TooLong", Response::new("The request has more than 32 KiB before its body")),
        ("Mistake", problem("A mistake in vitrina; its log says more under the request's id", &[])),
        ("Unavailable", problem(unavailable, &["retry-after"])),
    ]
}

/// The same, asked by HEAD.
fn head(get: &Operation) -> Operation {
    let mut head = get.clone();
    head.operation_id = get.operation_id.as_ref().map(|name| format!("{name}_head"));
    head.summary = get.summary.as_ref().map(|summary| format!("{summary}: the headers alone"));
    head.description = Some("What GET answers, without the body.".to_owned());
    for response in head.responses.responses.values_mut() {
        match response {
            RefOr::T(response) => response.content.clear(),
            RefOr::Ref(to) => to.ref_location = bodiless(&to.ref_location),
        }
    }
    head
}

/// The name of an answer without its body.
fn bodiless(name: &str) -> String {
    format!("{name}ToHead")
}

fn add(response: &mut Response, names: &[&str]) {
    for name in names {
        let to = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert((*name).to_owned(), RefOr::Ref(to));
    }
}

fn header(name: &str, what: &str) -> Header {
    let kind = if NUMBERS.contains(&name) { Type::Integer } else { Type::String };
    HeaderBuilder::new().schema(Some(Object::with_type(kind))).description(Some(what)).build()
}
