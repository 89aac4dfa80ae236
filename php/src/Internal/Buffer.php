<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\Library;

/**
 * Memory that C writes a string into. One buffer of the usual size is kept and used again,
 * because FFI parses the C type on every allocation.
 *
 * @internal
 */
final class Buffer
{
    /** Room for nearly all tokens, in bytes. A longer one takes three calls of C. */
    public const USUAL_SIZE = 4096;

    /** Its type. */
    public const USUAL = 'char[4096]';

    /**
     * The buffer that take() returns next. It is not here while it is in use: a signal
     * handler or another Fiber may mint a token meanwhile.
     */
    public static ?\FFI\CData $kept = null;

    /** A buffer of at least this many bytes. */
    public static function take(int $size): \FFI\CData
    {
        if ($size > self::USUAL_SIZE) {
            return Library::functions()->new("char[$size]");
        }
        $buffer = self::$kept ?? Library::functions()->new(self::USUAL);
        self::$kept = null;
        return $buffer;
    }

    /** Gives back the buffer that take() returned for this size. */
    public static function put(\FFI\CData $buffer, int $size): void
    {
        if ($size <= self::USUAL_SIZE) {
            self::$kept = $buffer;
        }
    }
}
