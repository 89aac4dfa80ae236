<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\CaptokenException;
use Captoken\Library;

/**
 * Exceptions for calls that fail.
 *
 * @internal
 */
final class Refusal
{
    /**
     * The exception for a status of the C library that is not CAP_STATUS_OK.
     *
     * The message names the argument that is wrong, and never shows it.
     *
     * @param array<string, string> $arguments of the call, by their names in the message
     */
    public static function of(int $status, #[\SensitiveParameter] array $arguments = []): CaptokenException
    {
        $message = Library::functions()->cap_strerror($status);
        foreach ($arguments as $name => $argument) {
            $isWrong = match ($status) {
                CaptokenException::EMPTY_ARGUMENT => $argument === '',
                CaptokenException::INVALID_UTF8 => !Strings::isUtf8($argument),
                // A call that can return it has one argument.
                CaptokenException::RESERVED_NAME => true,
                default => false,
            };
            if ($isWrong) {
                $message = "$name: $message";
                break;
            }
        }
        return CaptokenException::of($status, $message);
    }

    /** The exception for an object whose subclass did not call the constructor. */
    public static function unconstructed(): CaptokenException
    {
        return new CaptokenException(
            'the object has no token: its constructor was not called',
            CaptokenException::INVALID_HANDLE,
        );
    }
}
