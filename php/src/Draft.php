<?php

declare(strict_types=1);

namespace Captoken;

/**
 * What the tokens of a Capability are to say. It is here as long as one call of C can say
 * it, cap_mint(), and then in a handle: by that, a first token takes six calls, each of
 * which costs PHP several blocks of the token's hash.
 *
 * It has no methods for what each token needs, as their calls would cost as much as what
 * is in them.
 *
 * @internal
 */
final class Draft
{
    /**
     * So many tokens are made in one call each. The next one is by a handle: to make that
     * costs PHP about what it saves in so many tokens.
     */
    public const FEW = 4;

    /** Null until start(). */
    public static ?\FFI $library = null;

    /**
     * The auth tokens of the drafts without a handle; they go with these. In a property,
     * each would be shown where an object is dumped that is cast to an array.
     *
     * @var ?\WeakMap<self, string>
     */
    public static ?\WeakMap $authTokens = null;

    /** Where there is one, nothing of the following counts. */
    public ?Handle $handle = null;

    public ?string $accountSid = null;
    public ?string $clientName = null;
    public ?string $applicationSid = null;

    /** Names and values, each with a NUL at its end. */
    public ?string $params = null;
    public int $paramCount = 0;

    /** How many tokens were made in one call of C each. */
    public int $minted = 0;

    /** @throws CaptokenException LIBRARY_NOT_LOADED */
    public static function start(): void
    {
        self::$authTokens = new \WeakMap();
        self::$library = Library::functions();
    }
}
