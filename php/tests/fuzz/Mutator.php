<?php

declare(strict_types=1);

namespace Captoken\Tests\Fuzz;

/** Changes inputs at random. */
final class Mutator
{
    private const LONGEST = 2048;

    /**
     * Returns a changed input.
     *
     * @param non-empty-list<string> $corpus
     */
    public static function mutate(array $corpus): string
    {
        // Prefers the shorter of two, because runs of long inputs take long.
        [$one, $other] = [self::one($corpus), self::one($corpus)];
        $input = strlen($one) < strlen($other) ? $one : $other;
        for ($i = mt_rand(1, 4); $i > 0; $i--) {
            $place = mt_rand(0, strlen($input));
            $length = mt_rand(0, mt_rand(0, 1) === 0 ? 4 : strlen($input) - $place);
            $flipped = chr(ord($input[$place] ?? "\0") ^ 1 << mt_rand(0, 7));
            $repeated = str_repeat(substr($input, $place, $length), 4 ** mt_rand(0, 3));
            $word = self::one(Calls::words());
            $input = match (mt_rand(0, 6)) {
                0 => substr_replace($input, chr(mt_rand(0, 255)), $place, 1),
                1 => substr_replace($input, $flipped, $place, 1),
                2 => substr_replace($input, '', $place, $length),
                3 => substr_replace($input, $repeated, $place, 0),
                4 => substr($input, 0, $place) . substr(self::one($corpus), mt_rand(0, 100)),
                default => substr_replace($input, $word, $place, mt_rand(0, 2) * $length),
            };
        }
        return substr($input, 0, self::LONGEST);
    }

    /** @param non-empty-list<string> $list */
    private static function one(array $list): string
    {
        return $list[mt_rand(0, count($list) - 1)];
    }
}
