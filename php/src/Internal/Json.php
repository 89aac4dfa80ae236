<?php

declare(strict_types=1);

namespace Captoken\Internal;

/**
 * Encodes the values of claims and grants.
 *
 * @internal
 */
final class Json
{
    /** How deep the C library lets arrays and objects be nested in a claim or a grant. */
    private const DEPTH = 127;

    /** How many values are being encoded. */
    private static int $encoding = 0;

    /** serialize_precision before the first of them; false if it cannot be changed. */
    private static string|false $precision = false;

    /**
     * JSON in which a float keeps all its digits, whatever php.ini says of precision.
     *
     * @throws \JsonException
     */
    public static function of(mixed $value): string
    {
        // A jsonSerialize() may suspend its Fiber, and several may be in here: the first
        // one notes the setting, and the last one restores it. Each one sets it, because
        // a signal handler that throws in here can keep the count from reaching 0.
        // php.ini may disable ini_set(), or fix the setting.
        $before = function_exists('ini_set') ? ini_set('serialize_precision', '-1') : false;
        if (self::$encoding++ === 0) {
            self::$precision = $before;
        }
        try {
            return json_encode($value, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION, self::DEPTH);
        } finally {
            if (--self::$encoding === 0 && self::$precision !== false) {
                ini_set('serialize_precision', self::$precision);
            }
        }
    }
}
