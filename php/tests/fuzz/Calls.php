<?php

declare(strict_types=1);

namespace Captoken\Tests\Fuzz;

/**
 * The format of inputs: a sequence of calls.
 *
 * A call is its letter, followed by its fields. A field ends at a NUL or at the end of the input.
 * The field "\xff" is null. Other bytes are skipped. The fuzzers for C and Go read the same format;
 * only PHP knows j and S, and C lacks y and z.
 */
final class Calls
{
    /** How many fields each call has. */
    private const FIELDS = [
        'n' => 2, // new Capability: account SID, auth token
        'a' => 3, // access: account SID, API key SID, API key secret
        'x' => 0, // unset
        'i' => 1, // allowClientIncoming: client name
        'o' => 1, // allowClientOutgoing: application SID
        'p' => 2, // a parameter of it: name, value
        'c' => 1, // setClientName: client name
        'l' => 2, // addClaim: name, JSON
        'b' => 1, // setNotBefore: seconds
        'e' => 0, // allowEventStream
        'f' => 2, // a filter of it: name, value
        'r' => 1, // setRegion: region
        'u' => 1, // setPushCredential: SID
        'g' => 2, // addGrant: name, JSON
        'T' => 2, // generateToken: time to live, the size of a C buffer
        't' => 3, // generateTokenAt: seconds, time to live, the size of a C buffer
        'v' => 4, // verify: token, secret, seconds, leeway. A null token is the last one.
        'k' => 1, // checkClientName: client name
        'd' => 2, // configure: account SID, auth token
        'j' => 0, // clone: the following calls are for the clone
        'S' => 5, // verify a signed token: header, payload, secret, seconds, leeway
        'y' => 1, // the type of values from here on, see Run::value()
        'z' => 0, // in the fields of the next call, U+0001 is a NUL
        'm' => 5, // cap_mint(), and two functions that return constants: not public here
        's' => 1,
        'V' => 0,
    ];

    /** Inputs to start from. A NUL is written as |. */
    private const SEEDS = [
        'nAC123123|secret|iAlice|oAP123123|pFoo|Bar|pFoo|a b&=+%|t1400000000|3600|1024|',
        'nAC1|s|iAlice|cBob|iCarol|oAP1|cBob é|oAP2|ef|ffrom|é😀|ejcA|xi',
        'aAC1|SK1|secret|rie1|uCR1|iAlice|oAP1|pa|1|pb|2|pa|3|cBob é|t1|86400||',
        'aAC1|SK1|s|gvideo|{"room":1}|g7|[]|yd|gchat|{"\u0000a":1}|g|{}|gvoice|{}|lsub|1|lscope|1|e',
        'nAC1|s|la|[1.50, "\u00e9\ud83d\ude00\/\b"]|lb|{}|la|null|lexp|1|l7|1|rie1|u1|ga|{}|',
        'nAC1|s|yf|oAP1|pa|0.30000000000000004|pb|1e25|pc|-0.0|la|0.1|lb|1.0|lc|NAN|pd|INF|',
        'nAC1|s|yl|oAP1|pa|1.5|pa|2|yb|pa||yi|fa|9223372036854775807|',
        'nAC1|s|oAP1|yL|pa|1|ya|pa|1|yo|fa|1|yn|pa|1|',
        "nAC1|s|yo|la|1|yL|la|é|yd|la|{\"\\u0000a\":{}}|b1400000000|b\xff|b-1|ys|la|\xfe|",
        "dAC1|s|n\xff|\xff|iAlice|T60||d\xff|\xff|n\xff|s|dAC1||kAlice|kA b|k|",
        "nAC1|s|t1400000000|60||v\xff|s|1400000000|0|v\xff|S|1|0|va.b.c|s|1|-1|",
        'nAC1|s|t9007199254740991|1||t1|86401||T0||',
        'S{"alg":"HS256","typ":"jwt"}|{"exp":2,"nbf":1}|secret|3|60|',
        'S{"alg":"none"}|{"exp":"2"}|s|1|0|',
        "S\xff|{\"exp\":1400003600,\"sub\":1,\"sub\":{}}|secret|1400003600|60|",
        "nAC1|s|ziA\x01|oAP1|zpa\x01|b|pa\xfe|b|zlb\x01|1|zn\x01|s|zk\x01|",
    ];

    /** Parts to insert, in the same form. */
    private const WORDS = [
        'nAC1|s|', 'aAC1|SK1|s|', 'iAlice|', 'cBob|', 'oAP1|', 'pFoo|Bar|', 'e', 'ffrom|é😀|',
        'lsub|{"a":[1.50]}|', 'l7|null|', 'gvideo|{"room":"é"}|', 'b1400000000|', 'rie1|', 'uCR1|',
        't1400000000|3600||', 'T60||', "n\xff|\xff|", "d\xff|\xff|", 'dAC1|s|', 'kAlice_1|',
        'va.b.c|s|1|0|', 'j', 'z', 'x', "S\xff|{\"exp\":2}|s|1|0|",
        'ys|', 'yi|', 'yf|', 'yb|', 'yn|', 'yl|', 'yL|', 'ya|', 'yo|', 'yd|', 'y|',
        'identity', 'exp', 'NAN', '-INF', '-0.0', '0.1', '1e25', '9007199254740991', '86401',
        '-9223372036854775808', '"\ud800"', "\x01", "\xff", "\xc3\xa9", '|',
        '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
    ];

    /** @return list<string> */
    public static function seeds(): array
    {
        return self::withNul(self::SEEDS);
    }

    /** @return list<string> */
    public static function words(): array
    {
        static $words = null;
        return $words ??= self::withNul(self::WORDS);
    }

    /**
     * @param list<string> $inputs
     * @return list<string>
     */
    private static function withNul(array $inputs): array
    {
        return array_map(static fn (string $input): string => strtr($input, '|', "\0"), $inputs);
    }

    /** @return list<array{string, list<?string>}> letters and fields */
    public static function read(string $input): array
    {
        $calls = [];
        $withNul = false;
        for ($place = 0; $place < strlen($input);) {
            $letter = $input[$place++];
            if (!isset(self::FIELDS[$letter])) {
                continue;
            }
            $fields = [];
            while (count($fields) < self::FIELDS[$letter]) {
                $length = strcspn($input, "\0", $place);
                $field = substr($input, $place, $length);
                $place += $length + 1;
                $field = $withNul ? strtr($field, "\1", "\0") : $field;
                $fields[] = $field === "\xff" ? null : $field;
            }
            $withNul = $letter === 'z';
            if (!$withNul) {
                $calls[] = [$letter, $fields];
            }
        }
        return $calls;
    }
}
