<?php

declare(strict_types=1);

namespace Captoken\Tests;

/** A document of the repository, with the paths of the package under test. */
final class Document
{
    public readonly string $content;

    /** @param string $name the path in the repository */
    public function __construct(private string $name)
    {
        $content = file_get_contents(Package::ROOT . "/$name");
        $this->content = str_replace('/usr/local/share/php/captoken', Package::folder(), $content);
    }

    /** Returns the only block in a language with this start. */
    public function block(string $language, string $start = ''): string
    {
        $start = preg_quote($start, '/');
        $count = preg_match_all("/^```$language\n($start.*?)^```\$/ms", $this->content, $found);
        if ($count !== 1) {
            throw new \RuntimeException("$this->name: $count blocks of $language start with '$start'");
        }
        return $found[1][0];
    }
}
