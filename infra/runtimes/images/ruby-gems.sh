#!/bin/sh
# Runs once inside a Ruby image being built. Debian puts some gems where Ruby looks before it looks for gems, so that a function's own version
# of the AWS SDK would lose: they become gems like all others. And the list of Ruby's own gem folders is written for bootstrap.
set -eu
gems=/usr/share/rubygems-integration/all
for specification in "$gems"/specifications/aws-*.gemspec; do
  name=$(basename "$specification" .gemspec)
  library=${name%-*}
  [ -e "/usr/lib/ruby/vendor_ruby/$library.rb" ] || continue
  mkdir -p "$gems/gems/$name/lib"
  mv "/usr/lib/ruby/vendor_ruby/$library.rb" "/usr/lib/ruby/vendor_ruby/$library" "$gems/gems/$name/lib/"
done
# Without the first: the user's home.
/var/lang/bin/ruby -e 'puts Gem.default_path.drop(1).join(":")' >/var/runtime/gem-path
