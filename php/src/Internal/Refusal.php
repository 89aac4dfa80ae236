<?php

declare(strict_types=1);

namespace Captoken\Internal;

use Captoken\CaptokenException;
use Captoken\Library;

/**
 * Makes the exceptions for calls that fail.
 *
 * @internal
 */
final class Refusal
{
    /**
     * Makes the exception for a status of the C library except CAP_STATUS_OK.
     *
     * The message names the wrong argument, and never shows its value.
     *
     * @param array<string, ?string> $arguments the call's, by their names in the message
     */
    public static function of(int $status, #[\SensitiveParameter] array $arguments = []): CaptokenException
    {
        $message = Library::functions()->cap_strerror($status);
        foreach ($arguments as $name => $argument) {
            $isWrong = match ($status) {
                CaptokenException::NULL_ARGUMENT => $argument === null,
                CaptokenException::EMPTY_ARGUMENT => $argument === '',
                CaptokenException::INVALID_UTF8 => $argument !== null && !Strings::isUtf8($argument),
                // A call that can return this status has one argument.
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

    /** Makes the exception for an object whose subclass did not call the constructor. */
    public static function unconstructed(): CaptokenException
    {
        return new CaptokenException(
            'the constructor was not called: call parent::__construct()',
            CaptokenException::INVALID_HANDLE,
        );
    }
}
