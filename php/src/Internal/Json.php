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
    /** The deepest nesting that the C library accepts in a claim or a grant. */
    private const DEPTH = 127;

    /** The number of values that are being encoded. */
    private static int $encoding = 0;

    /** serialize_precision before the first of them; false if it cannot be set. */
    private static string|false $precision = false;

    /**
     * Encodes a value. A float keeps all its digits, despite precision settings in php.ini.
     *
     * @throws \JsonException
     */
    public static function of(mixed $value): string
    {
        // A jsonSerialize() may suspend its Fiber, so several calls can overlap. The first
        // one notes the setting, and the last one restores it. Each one sets it, because
        // a signal handler that throws in here can keep the count from reaching 0.
        // php.ini may disable ini_set(), or forbid it to change the setting.
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
