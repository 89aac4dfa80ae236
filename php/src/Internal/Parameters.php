<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\CaptokenException;

// Imported, so that PHP does not look in this namespace first.
use function array_is_list;
use function is_array;
use function is_string;
use function json_encode;
use function str_contains;

/**
 * Encodes the parameters of outgoing calls and the filters of events.
 *
 * @internal
 */
final class Parameters
{
    /**
     * Encodes a list of pairs of strings. A list as value gives a pair for each element.
     *
     * @param string $what the name of a pair in messages: "parameter" or "filter"
     * @throws CaptokenException INVALID_UTF8
     * @throws \InvalidArgumentException a value of another type, or a NUL byte
     */
    public static function json(string $what, array $named): string
    {
        $pairs = [];
        foreach ($named as $name => $value) {
            // PHP turns an array key like "42" into an int.
            $name = (string) $name;
            if (str_contains($name, "\0")) {
                Strings::refuseNul("the name of the $what " . Strings::quoted($name), $name);
            }
            if (is_array($value) && array_is_list($value)) {
                foreach ($value as $single) {
                    $pairs[] = [$name, self::string($what, $name, $single)];
                }
            } else {
                $pairs[] = [$name, self::string($what, $name, $value)];
            }
        }
        $json = json_encode($pairs, Strings::JSON);
        if ($json === false) {
            throw self::notUtf8($what, $pairs);
        }
        return $json;
    }

    /** @param list<array{string, string}> $pairs at least one is not UTF-8 */
    private static function notUtf8(string $what, array $pairs): CaptokenException
    {
        foreach ($pairs as [$name, $string]) {
            if (!Strings::isUtf8($name) || !Strings::isUtf8($string)) {
                break;
            }
        }
        $argument = "the $what " . Strings::quoted($name);
        // A NUL keeps the end of one string from completing the other.
        return Refusal::of(CaptokenException::INVALID_UTF8, [$argument => "$name\0$string"]);
    }

    private static function string(string $what, string $name, mixed $value): string
    {
        if (is_string($value)) {
            if (str_contains($value, "\0")) {
                Strings::refuseNul("the $what " . Strings::quoted($name), $value);
            }
            return $value;
        }
        return match (true) {
            is_int($value) => (string) $value,
            is_bool($value) => $value ? '1' : '0',
            // The shortest exact digits, despite precision settings in php.ini.
            is_float($value) && is_finite($value) => sprintf('%.*h', -1, $value),
            default => throw new \InvalidArgumentException(sprintf(
                'the %s %s has a value of type %s: pass a string, an int, a finite float, a bool'
                    . ' or a list of these',
                $what,
                Strings::quoted($name),
                get_debug_type($value),
            )),
        };
    }
}
