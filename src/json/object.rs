//! JSON objects: `Members` writes one directly, `Object` stores one.

use super::names::{Names, first_difference};
use super::write::{allocate, write_fragment, write_quoted};
use crate::error::Error;
use crate::jws::PayloadBuffer;
use crate::text::Text;

/// Writes an object with the members that `write` adds.
pub(crate) fn write_object(
    out: &mut PayloadBuffer,
    write: impl FnOnce(&mut Members<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut members = Members {
        out,
        separator: b"{",
    };
    write(&mut members)?;
    if members.separator == b"{" {
        members.separate()?;
    }
    members.out.append(b"}")
}

/// The members of an object that is being written.
pub(crate) struct Members<'a> {
    out: &'a mut PayloadBuffer,
    /// Written before the next member.
    separator: &'static [u8],
}

impl Members<'_> {
    /// Begins a member; the caller writes its value next. `name` is a JSON string with a
    /// colon.
    pub(crate) fn member(&mut self, name: &[u8]) -> Result<&mut PayloadBuffer, Error> {
        self.separate()?;
        self.out.append(name)?;
        Ok(self.out)
    }

    /// Adds a member with this JSON as its value.
    pub(crate) fn json(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.member(name)?.append(value)
    }

    /// Adds the members of another object.
    pub(crate) fn all_of(&mut self, object: &Object) -> Result<(), Error> {
        for Member { name, value } in &object.members {
            self.json(name, value)?;
        }
        Ok(())
    }

    fn separate(&mut self) -> Result<(), Error> {
        self.out.append(self.separator)?;
        self.separator = b",";
        Ok(())
    }
}

/// An object with unique names, in the order in which they were first set.
#[derive(Default)]
pub(crate) struct Object {
    members: Vec<Member>,
    names: Names,
}

struct Member {
    /// A JSON string with a colon.
    name: Text,
    /// Compact JSON.
    value: Text,
}

impl Object {
    /// Writes the members with a comma after each, because other members follow.
    pub(crate) fn write_before_others(&self, out: &mut PayloadBuffer) -> Result<(), Error> {
        for Member { name, value } in &self.members {
            for part in [name, value, b",".as_slice()] {
                out.append(part)?;
            }
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds a member with this JSON as its value. An existing member keeps its position and
    /// takes the new value. On an error, nothing changes.
    pub(crate) fn set(&mut self, name: &str, value: Text) -> Result<(), Error> {
        let Self { members, names } = self;
        let name = spelled(name)?;
        let mut difference = None;
        if let Some(member) = members.get_mut(names.candidate(&name)) {
            difference = first_difference(&member.name, &name);
            if difference.is_none() {
                member.value = value;
                return Ok(());
            }
        }
        members.try_reserve(1)?;
        if let Some(bit) = difference {
            names.add(&name, bit)?;
        }
        members.push(Member { name, value });
        Ok(())
    }
}

/// A name as a JSON string with a colon.
fn spelled(name: &str) -> Result<Text, Error> {
    allocate(|out| {
        write_quoted(out, |out| write_fragment(name, out))?;
        Ok(out.write_all(b":")?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(object: &Object) -> String {
        let mut out = PayloadBuffer::default();
        write_object(&mut out, |members| members.all_of(object)).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn members_are_separated_by_commas() {
        let mut kept = Object::default();
        assert!(kept.is_empty());
        assert_eq!(written(&kept), "{}");
        kept.set("é\"", Text::of("1")).unwrap();
        kept.set("", Text::of("[]")).unwrap();
        assert!(!kept.is_empty());
        assert_eq!(written(&kept), r#"{"\u00e9\"":1,"":[]}"#);

        let mut out = PayloadBuffer::default();
        write_object(&mut out, |members| {
            members.json(br#""a":"#, b"2")?;
            members.all_of(&kept)?;
            write_object(members.member(br#""b":"#)?, |inner| {
                inner.json(br#""c":"#, b"3")
            })
        })
        .unwrap();
        assert_eq!(
            String::from_utf8(out.to_vec()).unwrap(),
            r#"{"a":2,"\u00e9\"":1,"":[],"b":{"c":3}}"#
        );
    }

    proptest! {
        /// Compared with a list that is searched from its beginning.
        #[test]
        fn repeated_name_keeps_position_and_takes_value(
            long in 0..400_usize,
            sets in proptest::collection::vec(
                ("[a-cé\u{1}\"😀]{0,2}|[ab]{0,9}", any::<bool>(), 0..1000_u32),
                0..100,
            )
        ) {
            let mut object = Object::default();
            let mut plain: Vec<(String, u32)> = Vec::new();
            for (name, is_long, value) in sets {
                let name = if is_long { "a".repeat(long) + &name } else { name };
                object.set(&name, Text::of(&value.to_string())).unwrap();
                match plain.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, old)) => *old = value,
                    None => plain.push((name, value)),
                }
            }
            let members: Vec<String> = plain
                .iter()
                .map(|(name, value)| format!("{}{value}", spelled(name).unwrap().into_string()))
                .collect();
            prop_assert_eq!(written(&object), format!("{{{}}}", members.join(",")));
        }
    }
}
