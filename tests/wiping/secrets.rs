//! Every form of the secret that the tests search for.

use std::ffi::CStr;

use sha2::block_api::compress256;

/// 32 bytes of a secret, each bit inverted, so that a search does not find its own pattern.
pub(crate) type Inverted = [u8; 32];

pub(crate) const ACCOUNT_SID: &CStr = c"AC0123456789abcdef0123456789abcdef";

pub(crate) const AUTH_TOKEN: &CStr = c"f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// Longer than a block, so that HMAC hashes it first.
pub(crate) const LONG_AUTH_TOKEN: &CStr = c"f0e1d2c3b4a5968778695a4b3c2d1e0f\
                                 f0e1d2c3b4a5968778695a4b3c2d1e0f\
                                 f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// A token with a signature of zeros.
pub(crate) const FORGED: &CStr =
    c"eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The correct signature of [`FORGED`], which would make it valid.
pub(crate) fn missing_signature() -> Inverted {
    let signing_input = FORGED.to_bytes().rsplitn(2, |&byte| byte == b'.').last();
    let signing_input = signing_input.expect("a token");
    inverted(&hmac_sha256::HMAC::mac(
        signing_input,
        AUTH_TOKEN.to_bytes(),
    ))
}

pub(crate) fn inverted(bytes: &[u8]) -> Inverted {
    let mut inverted = [0; 32];
    for (inverted, byte) in inverted.iter_mut().zip(bytes) {
        *inverted = !byte;
    }
    inverted
}

/// Whether memory contains any [`PART`] bytes of a secret, because a secret may be partly
/// overwritten.
pub(crate) fn contains(memory: &[u8], secrets: &[Inverted]) -> bool {
    let is = |window: &[u8], part: &[u8]| {
        let mut pairs = window.iter().zip(part);
        pairs.all(|(byte, inverted)| *byte == !inverted)
    };
    memory.windows(PART).any(|window| {
        let mut parts = secrets
            .iter()
            .flat_map(|secret| secret.windows(PART).step_by(4));
        parts.any(|part| is(window, part))
    })
}

/// The length of a match: 8 bytes do not match by chance.
pub(crate) const PART: usize = 8;

/// The auth token itself.
pub(crate) fn secret() -> Inverted {
    inverted(AUTH_TOKEN.to_bytes())
}

/// The first block that HMAC hashes: the padded auth token, xored with one of the two
/// constants of RFC 2104.
pub(crate) fn padded_block(pad: u8) -> [u8; 64] {
    let mut block = [pad; 64];
    for (byte, secret) in block.iter_mut().zip(AUTH_TOKEN.to_bytes()) {
        *byte ^= secret;
    }
    block
}

/// The auth token in both of these blocks.
pub(crate) fn padded() -> [Inverted; 2] {
    [0x36, 0x5c].map(|pad| inverted(&padded_block(pad)))
}

/// The auth token as SHA-256 code without SHA instructions may keep it in memory: words with
/// the constants of the rounds added.
pub(crate) fn scheduled() -> [Inverted; 2] {
    // The first eight constants of FIPS 180-4, section 4.2.2.
    const CONSTANTS: [u32; 8] = [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
    ];
    [0x36, 0x5c].map(|pad| {
        let block = padded_block(pad);
        let words = block.chunks(4).zip(CONSTANTS).map(|(bytes, constant)| {
            let word = u32::from_be_bytes(bytes.try_into().expect("four bytes"));
            word.wrapping_add(constant)
        });
        let bytes: Vec<u8> = words.flat_map(u32::to_ne_bytes).collect();
        inverted(&bytes)
    })
}

/// The states of the inner and the outer hash after these blocks. They sign like the secret.
pub(crate) fn states() -> [Inverted; 2] {
    [0x36, 0x5c].map(|pad| as_in_memory(&state(pad)))
}

pub(crate) fn state(pad: u8) -> [u32; 8] {
    // FIPS 180-4, section 5.3.3.
    let mut state = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    compress256(&mut state, &[padded_block(pad)]);
    state
}

/// The states of the inner hash after each whole block of a token. A handle caches one of
/// them. The words are in both orders, because code may store them downwards.
pub(crate) fn states_within(jwt: &[u8]) -> Vec<Inverted> {
    let signing_input = jwt.rsplitn(2, |&byte| byte == b'.').last();
    let blocks = signing_input.expect("a token").chunks_exact(64);
    let mut state = state(0x36);
    let after = |block: &[u8]| {
        compress256(&mut state, &[block.try_into().expect("a block")]);
        let mut downwards = state;
        downwards.reverse();
        [state, downwards].map(|state| as_in_memory(&state))
    };
    blocks.flat_map(after).collect()
}

pub(crate) fn as_in_memory(state: &[u32; 8]) -> Inverted {
    let bytes: Vec<u8> = state.iter().flat_map(|word| word.to_ne_bytes()).collect();
    inverted(&bytes)
}
