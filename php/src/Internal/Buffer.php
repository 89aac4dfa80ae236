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
    /** Room for most tokens, in bytes. */
    public const USUAL_SIZE = 1024;

    /**
     * The buffer that take() returns next. It is not here while it is in use: a signal
     * handler or another Fiber may mint a token meanwhile.
     */
    private static ?\FFI\CData $kept = null;

    /** A buffer of at least this many bytes. */
    public static function take(int $size): \FFI\CData
    {
        $kept = self::$kept;
        if ($kept !== null && $size <= self::USUAL_SIZE) {
            self::$kept = null;
            return $kept;
        }
        return Library::functions()->new('char[' . max($size, self::USUAL_SIZE) . ']');
    }

    /** The string that C wrote into the buffer that take() returned for this size. */
    public static function string(\FFI\CData $buffer, int $size): string
    {
        $string = \FFI::string($buffer);
        if ($size <= self::USUAL_SIZE) {
            self::$kept = $buffer;
        }
        return $string;
    }
}
