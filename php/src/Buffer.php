<?php

declare(strict_types=1);

namespace Captoken;

/**
 * Memory that C writes a text into. That of the usual size is kept for the next text, as
 * PHP parses a type each time that it makes some.
 *
 * @internal
 */
final class Buffer
{
    /** Room for most tokens, in bytes. */
    public const USUAL_SIZE = 1024;

    /** Its type. */
    public const USUAL = 'char[1024]';

    /**
     * What take() gives next. It is away from here while it is in use, as a signal's
     * handler, or another Fiber, may run then, and make a token of its own.
     */
    public static ?\FFI\CData $kept = null;

    /** At least so many bytes. */
    public static function take(int $size): \FFI\CData
    {
        if ($size > self::USUAL_SIZE) {
            return Library::functions()->new("char[$size]");
        }
        $buffer = self::$kept ?? Library::functions()->new(self::USUAL);
        self::$kept = null;
        return $buffer;
    }

    /** The text that C has written into what take() has given for this size. */
    public static function text(\FFI\CData $buffer, int $size): string
    {
        $text = \FFI::string($buffer);
        if ($size <= self::USUAL_SIZE) {
            self::$kept = $buffer;
        }
        return $text;
    }
}
