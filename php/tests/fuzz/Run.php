<?php

declare(strict_types=1);

namespace Captoken\Tests\Fuzz;

use Captoken\Capability;

/** Makes the same calls on a Capability and on its Model, and compares everything. */
final class Run
{
    private const NOW = 1400000000;

    private const HEADER = '{"typ":"JWT","alg":"HS256"}';

    /** @var list<array{Capability, Model}> pairs; the calls are for the last one */
    private array $objects = [];

    /** The types of value(), except the default. */
    private const TYPES = ['s', 'i', 'f', 'b', 'n', 'l', 'L', 'a', 'o', 'd'];

    private string $type = '';

    /** @var array{string, array} arguments of allowClientOutgoing() */
    private array $outgoing;

    /** @var array arguments of allowEventStream() */
    private array $filters;

    private string $last = '';

    /** @var array<string, true> calls with their outcomes */
    private array $outcomes = [];

    /**
     * @return array<string, true> what the calls have done
     * @throws \UnexpectedValueException a difference
     */
    public static function of(string $input): array
    {
        Capability::configure(null, null);
        Model::configure(null, null);
        $run = new self();
        $calls = Calls::read($input);
        while ($calls !== []) {
            [$letter, $fields] = array_shift($calls);
            // The pairs that follow are arguments of the same call.
            $pairs = in_array($letter, ['p', 'f'], true) ? [[$letter, $fields]] : [];
            $pair = ['o' => 'p', 'p' => 'p', 'e' => 'f', 'f' => 'f'][$letter] ?? null;
            while ($calls !== [] && $calls[0][0] === $pair) {
                $pairs[] = array_shift($calls);
            }
            $run->call($letter, $fields, array_column($pairs, 1));
        }
        // A call on a clone does not change its original.
        foreach ($run->objects as [$capability, $model]) {
            $run->compare($capability, $model, 'generateTokenAt', [self::NOW]);
        }
        return $run->outcomes;
    }

    /**
     * @param list<?string> $fields
     * @param list<array{?string, ?string}> $pairs
     */
    private function call(string $letter, array $fields, array $pairs): void
    {
        $static = match ($letter) {
            'a' => ['access', $fields],
            'd' => ['configure', $fields],
            'k' => ['checkClientName', $fields],
            'v' => ['verify', $this->given($fields)],
            'S' => ['verify', $this->signed($fields)],
            default => null,
        };
        if ($static !== null) {
            $this->keep($this->compare(Capability::class, Model::class, ...$static));
        } elseif ($letter === 'n') {
            $ours = static fn (?string ...$given): Capability => new Capability(...$given);
            $model = static fn (?string ...$given): Model => new Model(...$given);
            $this->keep($this->compareOutcomes('new', $ours, $model, $fields));
        } elseif ($letter === 'y') {
            $this->type = in_array($fields[0], self::TYPES, true) ? $fields[0] : '';
        } elseif ($letter === 'x') {
            $this->objects = [];
        } elseif ($this->objects !== []) {
            [$capability, $model] = end($this->objects);
            if ($letter === 'j') {
                $this->objects[] = [clone $capability, clone $model];
            } else {
                $this->method($capability, $model, $letter, $fields, $pairs);
            }
        }
    }

    /** @param array{mixed, mixed} $result a Capability and its model, to use them from here on */
    private function keep(array $result): void
    {
        if ($result[0] instanceof Capability) {
            $this->objects = [$result];
            $this->outgoing = ['AP0', []];
            $this->filters = [];
        }
    }

    /**
     * @param list<?string> $fields
     * @param list<array{?string, ?string}> $pairs
     */
    private function method(
        Capability $capability,
        Model $model,
        string $letter,
        array $fields,
        array $pairs,
    ): void {
        if ($letter === 'T') {
            $this->mintNow($capability, $model, (int) $fields[0]);
            return;
        }
        if ($letter === 't') {
            $this->mint($capability, $model, (int) $fields[0], (int) $fields[1]);
            return;
        }
        [$application, $params] = $this->outgoing;
        $call = match ($letter) {
            'i' => ['allowClientIncoming', $fields],
            'c' => ['setClientName', $fields],
            'o' => ['allowClientOutgoing', [$fields[0], $this->named([], $pairs)]],
            'p' => ['allowClientOutgoing', [$application, $this->named($params, $pairs)]],
            'e' => ['allowEventStream', [$this->named([], $pairs)]],
            'f' => ['allowEventStream', [$this->named($this->filters, $pairs)]],
            'l' => ['addClaim', [$fields[0], $this->value($fields[1], true)]],
            'g' => ['addGrant', [$fields[0], $this->value($fields[1], true)]],
            'b' => ['setNotBefore', [$this->time($fields[0])]],
            'r' => ['setRegion', $fields],
            'u' => ['setPushCredential', $fields],
            default => null,
        };
        if ($call === null) {
            return;
        }
        [$name, $arguments] = $call;
        [$result] = $this->compare($capability, $model, $name, $arguments);
        // If the call has failed, it must have changed nothing.
        $this->compare($capability, $model, 'generateTokenAt', [self::NOW]);
        if ($result instanceof Capability) {
            match ($name) {
                'allowClientOutgoing' => $this->outgoing = $arguments,
                'allowEventStream' => [$this->filters] = $arguments,
                default => null,
            };
        }
    }

    /**
     * Adds pairs to an array of parameters. A repeated name gets a list.
     *
     * @param list<array{?string, ?string}> $pairs
     */
    private function named(array $named, array $pairs): array
    {
        foreach ($pairs as [$name, $field]) {
            $value = $this->value($field, false);
            $old = $named[(string) $name] ?? null;
            $named[(string) $name] = match (true) {
                $old === null => $value,
                is_array($old) && array_is_list($old) => [...$old, $value],
                default => [$old, $value],
            };
        }
        return $named;
    }

    /** Returns a value of the current type. */
    private function value(?string $field, bool $isJson): mixed
    {
        if ($field === null) {
            return null;
        }
        $float = ['NAN' => NAN, 'INF' => INF, '-INF' => -INF][$field] ?? (float) $field;
        $array = $isJson ? json_decode($field, true, 512, JSON_BIGINT_AS_STRING) : null;
        return match ($this->type) {
            's' => $field,
            'i' => (int) $field,
            'f' => $float,
            'b' => $field !== '',
            'n' => null,
            'l' => [$field, (int) $field, $float, true],
            'L' => [[$field]],
            'a' => ['a' => $field],
            'o' => (object) ['a' => $field],
            'd' => $array ?? $field,
            default => $isJson ? json_decode($field) ?? $field : $field,
        };
    }

    private function time(?string $field): int|\DateTimeInterface|null
    {
        if ($field === null) {
            return null;
        }
        $isTime = $this->type === 'd' && abs((int) $field) < 1e12;
        return $isTime ? new \DateTimeImmutable('@' . (int) $field . '.9') : (int) $field;
    }

    /**
     * @param list<?string> $fields
     * @return array arguments of verify()
     */
    private function signed(array $fields): array
    {
        [$header, $payload, $secret, $now, $leeway] = $fields;
        $token = Model::sign($header ?? self::HEADER, (string) $payload, (string) $secret);
        return $this->given([$token, $secret, $now, $leeway]);
    }

    /**
     * @param list<?string> $fields
     * @return array arguments of verify()
     */
    private function given(array $fields): array
    {
        [$token, $secret, $now, $leeway] = $fields;
        return [$token ?? $this->last, $secret, (int) $now, (int) $leeway];
    }

    /** Mints a token, verifies it, and verifies changed ones. */
    private function mint(Capability $capability, Model $model, int $now, int $ttl): void
    {
        [$token] = $this->compare($capability, $model, 'generateTokenAt', [$now, $ttl]);
        if (!is_string($token) || $token === $this->last) {
            return;
        }
        $this->last = $token;
        // Differs between tokens, but is the same each time.
        $any = crc32($token);
        $place = $any % strlen($token);
        $changed = substr_replace($token, 'Aw_.='[$any % 5], $place, $any % 2);
        foreach (
            [
                [$token, $model->secret, $now],
                [$token, $model->secret, $now + $ttl],
                [$token, "{$model->secret}x", $now],
                [$changed, $model->secret, $now],
            ] as $arguments
        ) {
            $this->compare(Capability::class, Model::class, 'verify', $arguments);
        }
    }

    private function mintNow(Capability $capability, Model $model, int $ttl): void
    {
        do {
            $now = time();
            $mint = static fn (): string => $capability->generateToken($ttl);
            $expect = static fn (): string => $model->generateTokenAt($now, $ttl);
            $actual = self::outcome($mint, []);
        } while ($now !== time());
        $this->check('generateToken', $actual, self::outcome($expect, []));
    }

    /** @return array{mixed, mixed} what the method and its model have returned or thrown */
    private function compare(
        string|Capability $ours,
        string|Model $model,
        string $method,
        array $arguments,
    ): array {
        return $this->compareOutcomes($method, [$ours, $method], [$model, $method], $arguments);
    }

    /** @return array{mixed, mixed} as in compare() */
    private function compareOutcomes(
        string $name,
        callable $ours,
        callable $model,
        array $arguments,
    ): array {
        $actual = self::outcome($ours, $arguments);
        return $this->check($name, $actual, self::outcome($model, $arguments));
    }

    /**
     * @return mixed what the call has returned, or the exception
     * @throws \ErrorException a message of PHP
     */
    private static function outcome(callable $call, array $arguments): mixed
    {
        try {
            return $call(...$arguments);
        } catch (\TypeError | \Exception $e) {
            return $e instanceof \ErrorException ? throw $e : $e;
        }
    }

    /** @return array{mixed, mixed} both */
    private function check(string $name, mixed $actual, mixed $expected): array
    {
        $plain = static fn (mixed $result): mixed => match (true) {
            $result instanceof \Throwable => $result::class . ' ' . $result->getCode(),
            is_object($result) => 'an object',
            default => $result,
        };
        if ($plain($actual) !== $plain($expected)) {
            $shown = static fn (mixed $result): string => self::decoded($plain($result))
                . ($result instanceof \Throwable ? ": {$result->getMessage()}" : '');
            throw new \UnexpectedValueException(
                "$name: {$shown($actual)}\nmust be {$shown($expected)}",
            );
        }
        $failure = $actual instanceof \Throwable ? $plain($actual) : '';
        $this->outcomes["$name $this->type $failure"] = true;
        return [$actual, $expected];
    }

    /** Decodes a token for messages. */
    private static function decoded(mixed $result): string
    {
        $parts = is_string($result) ? explode('.', $result) : [];
        if (count($parts) !== 3) {
            return var_export($result, true);
        }
        return base64_decode($parts[0]) . '.' . base64_decode(strtr($parts[1], '-_', '+/'));
    }
}
