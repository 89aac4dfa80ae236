<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

/**
 * A pool of php-fpm, with its own settings that affect captoken.
 *
 * @internal
 */
final class Pool
{
    /** @param array<string, string> $own the value of each line, such as env[CAPTOKEN_LIB] */
    private function __construct(
        public readonly string $name,
        public readonly string $user,
        public readonly array $own,
    ) {
    }

    /**
     * @param string $configuration the output of `php-fpm -tt`
     * @return list<self>
     */
    public static function all(string $configuration): array
    {
        $pools = [];
        foreach (preg_split('/^.*NOTICE: (?=\[)/m', $configuration) as $section) {
            if (preg_match('/^\[(?!global\])(.+)\]$/m', $section, $name) === 1) {
                preg_match_all('/NOTICE: \t(.+?) = (.*)$/m', $section, $found);
                $lines = array_combine($found[1], $found[2]);
                // PHP ignores the other settings: they matter only before a pool starts.
                $own = ['php_admin_value[ffi.enable]' => '', 'env[CAPTOKEN_LIB]' => ''];
                $pools[] = new self($name[1], $lines['user'] ?? '', array_intersect_key($lines, $own));
            }
        }
        return $pools;
    }

    /** The value of ffi.enable, or null if the pool does not set it. */
    public function ffiEnable(): ?string
    {
        return $this->own['php_admin_value[ffi.enable]'] ?? null;
    }

    /** The value of CAPTOKEN_LIB, or null if the pool does not set it. */
    public function library(): ?string
    {
        return $this->own['env[CAPTOKEN_LIB]'] ?? null;
    }
}
