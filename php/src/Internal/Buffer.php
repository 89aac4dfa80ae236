<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\Library;

/**
 * Allocates the memory into which C writes a string.
 *
 * Keeps one buffer of the usual size for the next call: FFI parses the C type on every
 * allocation.
 *
 * @internal
 */
final class Buffer
{
    /** Room for nearly all tokens, in bytes. A longer one takes three calls of C. */
    public const USUAL_SIZE = 4096;

    /** The C type of a buffer of that size. */
    public const USUAL = 'char[4096]';

    /**
     * The buffer that take() returns next, or null while it is in use.
     *
     * A signal handler or another Fiber may mint a token meanwhile.
     */
    public static ?\FFI\CData $kept = null;

    /** Returns a buffer of at least this many bytes. */
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
