<?php

declare(strict_types=1);

namespace Captoken\Internal\Doctor;

/**
 * Prints findings and remembers whether one is wrong.
 *
 * @internal
 */
final class Report
{
    /** The label of a setting to write. */
    public const WRITE = 'Write: ';

    private bool $isWell = true;

    public function isWell(): bool
    {
        return $this->isWell;
    }

    public function title(string $title): void
    {
        echo "\n$title\n";
    }

    public function right(string $finding): void
    {
        echo '  ok     ', self::indent($finding), "\n";
    }

    /** @param string ...$settings to write */
    public function note(string $finding, string ...$settings): void
    {
        echo '  note   ', self::indent($finding), "\n";
        $this->settings(...$settings);
    }

    /** @param string ...$settings to write */
    public function wrong(string $finding, string ...$settings): void
    {
        $this->isWell = false;
        echo '  WRONG  ', self::indent($finding), "\n";
        $this->settings(...$settings);
    }

    /** Prints help below its finding. */
    public function help(string $help): void
    {
        echo '         ', self::indent($help), "\n";
    }

    private function settings(string ...$settings): void
    {
        if ($settings !== []) {
            $this->help(self::WRITE . implode("\n" . str_repeat(' ', strlen(self::WRITE)), $settings));
        }
    }

    private static function indent(string $string): string
    {
        return str_replace("\n", "\n         ", $string);
    }
}
