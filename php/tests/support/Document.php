<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** A document of the repository, as if the package were installed by default where it is. */
final class Document
{
    public readonly string $text;

    /** @param string $name its path in the repository */
    public function __construct(private string $name)
    {
        $text = file_get_contents(Package::ROOT . "/$name");
        $this->text = str_replace('/usr/local/share/php/captoken', Package::folder(), $text);
    }

    /** The one block in a language, or the one that starts so. */
    public function block(string $language, string $start = ''): string
    {
        $start = preg_quote($start, '/');
        $count = preg_match_all("/^```$language\n($start.*?)^```\$/ms", $this->text, $found);
        if ($count !== 1) {
            throw new \RuntimeException("$this->name: $count blocks of $language start with '$start'");
        }
        return $found[1][0];
    }
}
