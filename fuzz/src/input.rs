//! The format of inputs: calls of C functions, each a letter and its fields. `README.md`
//! describes it for the fuzzers in other languages, which read the same inputs.

/// The number of fields of the call that has most.
const MOST_FIELDS: usize = 5;

/// The functions of `captoken.h`, each with the letter of its call and its number of fields.
pub(crate) const CALLS: [(u8, &str, usize); 23] = [
    (b'n', "cap_new", 2),
    (b'a', "cap_new_access", 3),
    (b'x', "cap_token_free", 0),
    (b'X', "cap_free", 0),
    (b'i', "cap_allow_incoming", 1),
    (b'o', "cap_allow_outgoing", 1),
    (b'p', "cap_add_outgoing_param", 2),
    (b'c', "cap_set_client_name", 1),
    (b'l', "cap_add_claim", 2),
    (b'b', "cap_set_not_before", 1),
    (b'e', "cap_allow_event_stream", 0),
    (b'f', "cap_add_event_filter", 2),
    (b'r', "cap_set_region", 1),
    (b'u', "cap_set_push_credential", 1),
    (b'g', "cap_add_grant", 2),
    (b'T', "cap_generate", 2),
    (b't', "cap_generate_at", 3),
    (b'm', "cap_mint", 5),
    (b'v', "cap_verify", 4),
    (b'k', "cap_check_client_name", 1),
    (b'd', "cap_configure", 2),
    (b'V', "cap_version", 0),
    (b's', "cap_strerror", 1),
];

/// Makes the handle an even address. No function of the header has this letter.
pub(crate) const EVEN: u8 = b'E';

/// A field: bytes without NUL, or a NULL pointer.
pub(crate) type Field<'a> = Option<&'a [u8]>;

/// One call: its letter and its fields.
pub(crate) struct Call<'a> {
    pub(crate) letter: u8,
    fields: [Field<'a>; MOST_FIELDS],
}

impl<'a> Call<'a> {
    /// The first fields, each a string.
    pub(crate) fn strings<const N: usize>(&self) -> [Field<'a>; N] {
        std::array::from_fn(|index| self.fields.get(index).copied().flatten())
    }

    /// A field as an integer.
    pub(crate) fn integer(&self, index: usize) -> i64 {
        integer(self.fields.get(index).copied().flatten())
    }
}

/// The calls of an input.
pub(crate) fn calls(input: &[u8]) -> impl Iterator<Item = Call<'_>> {
    let mut fields = Fields(input);
    std::iter::from_fn(move || {
        while let Some((&letter, rest)) = fields.0.split_first() {
            fields.0 = rest;
            let known = CALLS.iter().find(|(known, _, _)| *known == letter);
            let count = match known {
                Some((_, _, count)) => *count,
                None if letter == EVEN => 0,
                None => continue,
            };
            let mut call = Call {
                letter,
                fields: [None; MOST_FIELDS],
            };
            for field in call.fields.iter_mut().take(count) {
                *field = fields.next();
            }
            return Some(call);
        }
        None
    })
}

/// The rest of an input, read field by field.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next field. A field that is missing is empty.
    pub(crate) fn next(&mut self) -> Field<'a> {
        let end = self.0.iter().position(|&byte| byte == 0);
        let (field, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        (field != [0xff]).then_some(field)
    }
}

/// An integer in decimal digits, the nearest one if `i64` cannot hold it. 0 for other fields.
pub(crate) fn integer(field: Field<'_>) -> i64 {
    let text = std::str::from_utf8(field.unwrap_or_default()).unwrap_or_default();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    let nearest = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    text.parse().unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header lists its functions at its top, one in each line.
    #[test]
    fn calls_are_the_functions_of_the_header() {
        let header = include_str!("../../include/captoken.h");
        let listed = header.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix(" *     cap_")?.split_once("()  ")?;
            Some(format!("cap_{name}"))
        });
        let mut listed: Vec<_> = listed.collect();
        let mut called = CALLS.map(|(_, name, _)| name);
        listed.sort();
        called.sort();
        assert_eq!(listed, called);
    }

    #[test]
    fn letters_are_unique() {
        let mut letters = CALLS.map(|(letter, _, _)| letter).to_vec();
        letters.push(EVEN);
        letters.sort();
        letters.dedup();
        assert_eq!(letters.len(), CALLS.len() + 1);
    }

    #[test]
    fn calls_are_read_as_documented() {
        let input = b"nAC\0\xff\0?b-9223372036854775809\0pFoo";
        let calls: Vec<_> = calls(input).collect();
        let letters: Vec<_> = calls.iter().map(|call| call.letter).collect();
        assert_eq!(letters, b"nbp");
        assert_eq!(calls[0].strings(), [Some(&b"AC"[..]), None]);
        assert_eq!(calls[1].integer(0), i64::MIN);
        assert_eq!(calls[2].strings(), [Some(&b"Foo"[..]), Some(b"")]);
    }

    #[test]
    fn integers_saturate() {
        for (text, expected) in [
            ("", 0),
            ("-", 0),
            ("+1", 0),
            ("1x", 0),
            ("007", 7),
            ("-86400", -86400),
            ("9223372036854775808", i64::MAX),
        ] {
            assert_eq!(integer(Some(text.as_bytes())), expected);
        }
        assert_eq!(integer(None), 0);
    }
}
