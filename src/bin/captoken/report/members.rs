//! The members of a JSON object whose values are left as they are spelled.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The members of an object in their order, also those that repeat.
#[derive(Default)]
pub(crate) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    pub(crate) fn of(json: &'a RawValue) -> Result<Self, String> {
        serde_json::from_str(json.get()).map_err(|_| "it is not a JSON object".to_owned())
    }

    /// The value of this name, which is an error where readers differ in what it is.
    pub(crate) fn once(&self, name: &str) -> Result<Option<&'a RawValue>, String> {
        let mut all = self.0.iter().filter(|(other, _)| other == name);
        match (all.next(), all.next()) {
            (value, None) => Ok(value.map(|(_, value)| *value)),
            _ => Err(format!("it has {name} more than once")),
        }
    }

    /// Takes the first of this name out.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let index = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.remove(index).1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The value of this name that most readers take.
    pub(crate) fn last(&self, name: &str) -> Option<&'a RawValue> {
        let mut all = self.0.iter().rev();
        all.find(|(other, _)| other == name)
            .map(|(_, value)| *value)
    }
}

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'a> Visitor<'a> for Object {
            type Value = Members<'a>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
