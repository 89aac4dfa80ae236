//! Every form of a secret that the library must not leave in memory, and a search for them.
//!
//! - the secret, its hexadecimal digits and its base64url;
//! - the two padded blocks of HMAC (RFC 2104), and the words that SHA-256 derives from a block;
//! - the working variables of SHA-256 after each of its 64 rounds, because rounds can be undone;
//! - the hash states after each block, and the inner hash of a token;
//! - the correct signature of a forged token.
//!
//! A match is [`PART`] bytes, because a secret may be partly overwritten.

#![allow(dead_code, reason = "not every program uses all of it")]

use std::collections::{BTreeSet, HashMap};
use std::ffi::CStr;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use sha2::block_api::compress256;

pub(crate) const ACCOUNT_SID: &CStr = c"AC0123456789abcdef0123456789abcdef";

pub(crate) const AUTH_TOKEN: &CStr = c"f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// Longer than a block, so that HMAC hashes it first.
pub(crate) const LONG_AUTH_TOKEN: &CStr = c"9f8e7d6c5b4a39281706f5e4d3c2b1a0\
                                 0a1b2c3d4e5f60718293a4b5c6d7e8f9\
                                 e7f8091a2b3c4d5e6f708192a3b4c5d6";

/// A token with a signature of zeros.
pub(crate) const FORGED: &CStr =
    c"eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The length of a match. 8 bytes do not match by chance: a search compares 2^24 places with
/// 2^16 parts.
const PART: usize = 8;

// Names of forms.
pub(crate) const ITSELF: &str = "the secret";
pub(crate) const PADDED: &str = "a padded block";
pub(crate) const STATES: [&str; 2] = ["the inner state", "the outer state"];
pub(crate) const WITHIN: &str = "an inner state within a token";
const DIGITS: &str = "hexadecimal digits";
const ROUNDS: &str = "working variables of the hash";

/// The first block of the inner and of the outer hash is the key, xored with one of these.
const PADS: [u8; 2] = [0x36, 0x5c];

type State = [u32; 8];

/// Searches memory for parts of forms.
pub(crate) struct Search {
    /// The parts, each with the name of its form.
    parts: HashMap<[u8; PART], &'static str>,
    /// Whether a part begins with these two bytes. Most places need no other look.
    begins: Vec<bool>,
}

impl Search {
    /// Searches for a secret, and for everything that can sign these tokens in its place.
    pub(crate) fn new(secret: &CStr, tokens: &[&str]) -> Self {
        let mut search = Self {
            parts: HashMap::new(),
            begins: vec![false; 1 << 16],
        };
        let secret = secret.to_bytes();
        search.add_text(ITSELF, secret);
        let upper = secret.to_ascii_uppercase();
        search.add_bytes("the secret in upper case", &upper);
        if let Ok(bytes) = HEXUPPER.decode(&upper) {
            search.add_bytes("the secret's digits as bytes", &bytes);
        }
        let states = search.add_key(secret);
        for jwt in tokens {
            search.add_token(states, jwt);
        }
        search
    }

    /// Also searches for the correct signature of [`FORGED`], which would make it valid.
    pub(crate) fn with_forged(mut self, secret: &CStr) -> Self {
        let forged = FORGED.to_str().expect("ASCII");
        let states = self.add_key(secret.to_bytes());
        let signature = self.add_token(states, forged);
        self.add_state("the missing signature", signature);
        self.add_text("the missing signature", &bytes_of(signature));
        self
    }

    /// Also searches for [`ACCOUNT_SID`], which the configured defaults wipe.
    pub(crate) fn with_account(mut self) -> Self {
        self.add_bytes("the account SID", ACCOUNT_SID.to_bytes());
        self
    }

    /// The parts in memory: their places, and the names of their forms. Allocates nothing.
    pub(crate) fn find<'a>(
        &'a self,
        memory: &'a [u8],
    ) -> impl Iterator<Item = (usize, &'static str)> + 'a {
        let places = memory.windows(PART).enumerate();
        places.filter_map(|(place, part)| {
            if !self.begins[begin(part)] {
                return None;
            }
            let name = self.parts.get(part)?;
            Some((place, *name))
        })
    }

    /// The names of the forms in memory.
    pub(crate) fn names(&self, memory: &[u8]) -> BTreeSet<&'static str> {
        self.find(memory).map(|(_, name)| name).collect()
    }

    fn add_text(&mut self, name: &'static str, text: &[u8]) {
        self.add_bytes(name, text);
        self.add_bytes(DIGITS, HEXLOWER.encode(text).as_bytes());
        self.add_bytes(DIGITS, HEXUPPER.encode(text).as_bytes());
        self.add_bytes("base64url", BASE64URL_NOPAD.encode(text).as_bytes());
    }

    fn add_bytes(&mut self, name: &'static str, bytes: &[u8]) {
        for part in bytes.windows(PART) {
            let part = part.try_into().expect("a part");
            self.parts.entry(part).or_insert(name);
            self.begins[begin(&part)] = true;
        }
    }

    /// Each two neighbours in both orders and both byte orders.
    fn add_words(&mut self, name: &'static str, words: &[u32]) {
        for pair in words.windows(2) {
            for pair in [[pair[0], pair[1]], [pair[1], pair[0]]] {
                self.add_bytes(name, pair.map(u32::to_le_bytes).as_flattened());
                self.add_bytes(name, pair.map(u32::to_be_bytes).as_flattened());
            }
        }
    }

    /// A state as it is in memory, and as two registers of SHA instructions contain it.
    fn add_state(&mut self, name: &'static str, state: State) {
        let [a, b, c, d, e, f, g, h] = state;
        self.add_words(name, &state);
        self.add_words(name, &[a, b, e, f]);
        self.add_words(name, &[c, d, g, h]);
    }

    /// Returns the states of HMAC after the blocks of the key.
    fn add_key(&mut self, secret: &[u8]) -> [State; 2] {
        let mut key = secret.to_vec();
        if secret.len() > 64 {
            let mut state = INITIAL;
            for (i, block) in blocks(secret, secret.len()).iter().enumerate() {
                let words = secret.len().saturating_sub(64 * i) / 4;
                state = self.add_block(state, block, words.min(16));
                self.add_state("a state of the secret's hash", state);
            }
            key = bytes_of(state);
            self.add_text("the secret's hash", &key);
        }
        [0, 1].map(|hash| {
            let mut block = [PADS[hash]; 64];
            for (byte, key) in block.iter_mut().zip(&key) {
                *byte ^= key;
            }
            self.add_bytes(PADDED, &block[..key.len()]);
            let state = self.add_block(INITIAL, &block, key.len() / 4);
            self.add_state(STATES[hash], state);
            state
        })
    }

    /// Returns the signature of a token, as a state.
    fn add_token(&mut self, [inner, outer]: [State; 2], jwt: &str) -> State {
        let (signing_input, _) = jwt.rsplit_once('.').expect("a token");
        let mut state = inner;
        for block in blocks(signing_input.as_bytes(), 64 + signing_input.len()) {
            state = self.add_block(state, &block, 0);
            // The last of them is the inner hash.
            self.add_state(WITHIN, state);
        }
        let [block] = blocks(&bytes_of(state), 64 + 32).try_into().expect("one");
        self.add_block(outer, &block, 8)
    }

    /// Hashes a block whose first words are secret. Returns the state after it.
    fn add_block(&mut self, state: State, block: &[u8; 64], secret_words: usize) -> State {
        let mut words: Vec<u32> = block
            .chunks(4)
            .map(|word| u32::from_be_bytes(word.try_into().expect("a word")))
            .collect();
        for i in 16..64 {
            let [w15, w2] = [words[i - 15], words[i - 2]];
            let s0 = w15.rotate_right(7) ^ w15.rotate_right(18) ^ (w15 >> 3);
            let s1 = w2.rotate_right(17) ^ w2.rotate_right(19) ^ (w2 >> 10);
            words.push(sum(&[words[i - 16], s0, words[i - 7], s1]));
        }
        // A and E of each round: the next rounds call them B, C, D and F, G, H.
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        let (mut all_a, mut all_e) = (Vec::new(), Vec::new());
        for (word, constant) in words.iter().zip(CONSTANTS) {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & f) ^ (!e & g);
            let t1 = sum(&[h, s1, choice, constant, *word]);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let majority = (a & b) ^ (a & c) ^ (b & c);
            (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
            (d, c, b, a) = (c, b, a, sum(&[t1, s0, majority]));
            all_a.push(a);
            all_e.push(e);
        }
        self.add_words(ROUNDS, &all_a);
        self.add_words(ROUNDS, &all_e);
        if secret_words > 0 {
            let with_constants = words.iter().zip(CONSTANTS);
            let with_constants: Vec<u32> = with_constants.map(|(w, k)| sum(&[*w, k])).collect();
            for words in [words, with_constants] {
                self.add_words(ROUNDS, &words[..secret_words]);
                self.add_words(ROUNDS, &words[16..]);
            }
        }
        let mut after = state;
        compress256(&mut after, &[*block]);
        assert_eq!(after[0], sum(&[state[0], a]));
        after
    }
}

fn begin(part: &[u8]) -> usize {
    usize::from(u16::from_ne_bytes([part[0], part[1]]))
}

fn sum(words: &[u32]) -> u32 {
    words.iter().fold(0, |sum, word| sum.wrapping_add(*word))
}

fn bytes_of(state: State) -> Vec<u8> {
    state.map(u32::to_be_bytes).concat()
}

/// The blocks of the end of a message, with the padding of a message of `length` bytes
/// (FIPS 180-4, section 5.1.1).
fn blocks(end: &[u8], length: usize) -> Vec<[u8; 64]> {
    let mut bytes = end.to_vec();
    bytes.push(0x80);
    bytes.resize((bytes.len() + 8).next_multiple_of(64) - 8, 0);
    bytes.extend((length as u64 * 8).to_be_bytes());
    let blocks = bytes.chunks(64);
    blocks
        .map(|block| block.try_into().expect("a block"))
        .collect()
}

/// FIPS 180-4, section 5.3.3.
const INITIAL: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// FIPS 180-4, section 4.2.2.
#[rustfmt::skip]
const CONSTANTS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1,
    0x923f_82a4, 0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3,
    0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786,
    0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147,
    0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13,
    0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a,
    0x5b9c_ca4f, 0x682e_6ff3, 0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208,
    0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];
