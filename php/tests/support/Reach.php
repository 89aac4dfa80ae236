<?php

declare(strict_types=1);

namespace Captoken\Tests;

/**
 * Prints every string that PHP reaches from a value without a call of its methods: through
 * properties of any visibility, variables of closures, and iteration.
 */
final class Reach
{
    /** @var array<int, true> the objects that were visited, by id */
    private array $visited = [];

    /** @var list<object> keeps the ids in use */
    private array $kept = [];

    public function print(mixed $value): void
    {
        if (is_array($value)) {
            foreach ($value as $name => $inside) {
                echo $name, "\n";
                $this->print($inside);
            }
        } elseif (!is_object($value)) {
            var_dump($value);
        } elseif (!isset($this->visited[spl_object_id($value)])) {
            $this->visited[spl_object_id($value)] = true;
            $this->kept[] = $value;
            echo $value::class, "\n";
            foreach ($this->inside($value) as $inside) {
                $this->print($inside);
            }
        }
    }

    /** Prints the constants and the static variables of a class and of its methods. */
    public function printClass(string $name): void
    {
        $class = new \ReflectionClass($name);
        $this->print([$name, $class->getConstants(), $class->getStaticProperties(), get_class_vars($name)]);
        foreach ($class->getMethods() as $method) {
            $this->print($method->getStaticVariables());
        }
    }

    /** @return iterable<mixed> */
    private function inside(object $object): iterable
    {
        if ($object instanceof \FFI) {
            return;
        }
        if ($object instanceof \FFI\CData) {
            // The buffer for tokens.
            return yield str_replace("\0", '', \FFI::string(\FFI::addr($object[0]), \FFI::sizeof($object)));
        }
        // This object hides its value. The functions below would read it, as its getValue() does.
        if ($object instanceof \SensitiveParameterValue) {
            return yield [(array) $object, get_object_vars($object), print_r($object, true)];
        }
        yield get_mangled_object_vars($object);
        yield (new \ArrayObject($object))->getArrayCopy();

        for ($class = new \ReflectionObject($object); $class !== false; $class = $class->getParentClass()) {
            foreach ($class->getProperties() as $property) {
                yield $property->isInitialized($object) ? $property->getValue($object) : null;
            }
        }
        if ($object instanceof \Closure) {
            $function = new \ReflectionFunction($object);
            yield [$function->getStaticVariables(), $function->getClosureUsedVariables(), $function->getClosureThis()];
        }
        if ($object instanceof \Traversable) {
            try {
                yield iterator_to_array($object, false);
            } catch (\Exception $e) {
                yield $e->getMessage();
            }
        }
    }
}
