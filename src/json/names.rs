//! Finds a name among those that were added, by a binary trie.
//!
//! Each node has the first bit in which the names below it differ. A search takes at most as
//! many steps as the longest name has bits, so that the time is linear in the length of all
//! names. A hash table would need random keys, because a caller's users could choose names that
//! collide. A `BTreeMap` aborts if memory runs out.

#![forbid(unsafe_code)]

use crate::error::Error;

/// Names in the order in which they were added. The caller stores the strings.
///
/// No name is the beginning of another.
#[derive(Default)]
pub(super) struct Names {
    root: Child,
    /// Every name except the first has added one.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy)]
enum Child {
    /// The index of a node.
    Node(usize),
    /// The index of a name.
    Name(usize),
}

impl Default for Child {
    fn default() -> Self {
        Self::Name(0)
    }
}

struct Node {
    /// The number of the bit; bit 0 is the highest of the first byte.
    bit: usize,
    /// The names in which this bit is 0.
    zero: Child,
    /// The names in which this bit is 1.
    one: Child,
}

impl Names {
    /// The index of the only name that can be equal to `name`, or 0.
    pub(super) fn candidate(&self, name: &[u8]) -> usize {
        let mut child = self.root;
        loop {
            match child {
                Child::Name(index) => return index,
                Child::Node(node) => match self.nodes.get(node) {
                    Some(node) => child = node.child(name),
                    None => return 0,
                },
            }
        }
    }

    /// Adds a name that differs from its candidate first in `bit`. On an error, nothing
    /// changes.
    pub(super) fn add(&mut self, name: &[u8], bit: usize) -> Result<(), Error> {
        self.nodes.try_reserve(1)?;
        let mut parent = None;
        let mut child = self.root;
        while let Child::Node(index) = child {
            let node = self.nodes.get(index).ok_or(Error::Internal)?;
            if node.bit > bit {
                break;
            }
            parent = Some(index);
            child = node.child(name);
        }
        let new = Child::Node(self.nodes.len());
        let place = match parent {
            Some(index) => {
                let parent = self.nodes.get_mut(index).ok_or(Error::Internal)?;
                parent.child_mut(name)
            }
            None => &mut self.root,
        };
        *place = new;
        let mut node = Node {
            bit,
            zero: child,
            one: child,
        };
        *node.child_mut(name) = Child::Name(self.nodes.len() + 1);
        self.nodes.push(node);
        Ok(())
    }
}

impl Node {
    fn child(&self, name: &[u8]) -> Child {
        if has_bit(name, self.bit) {
            self.one
        } else {
            self.zero
        }
    }

    fn child_mut(&mut self, name: &[u8]) -> &mut Child {
        if has_bit(name, self.bit) {
            &mut self.one
        } else {
            &mut self.zero
        }
    }
}

/// Whether this bit of `name` is 1. After its end, all bits are 0.
fn has_bit(name: &[u8], bit: usize) -> bool {
    name.get(bit / 8)
        .is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
}

/// The first bit in which two names differ, or `None` if they are equal.
pub(super) fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    let differences = one.iter().zip(other).map(|(one, other)| one ^ other);
    let (index, difference) = differences.enumerate().find(|(_, bits)| *bits != 0)?;
    Some(index * 8 + difference.leading_zeros() as usize)
}
