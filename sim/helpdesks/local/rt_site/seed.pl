# What the desk's database holds at first: the queue, the accounts and their rights, the custom fields, the tokens.
our ( @Queues, @Users, @ACL, @CustomFields, @Final );

use JSON ();

my $desk = do {
    open my $file, '<', "$ENV{SIM_DESK}/settings.json" or die "settings.json: $!";
    local $/;
    JSON::decode_json(<$file>);
};
my %role = ( loadbot => 'customer', agent1 => 'agent' );
my @names = sort keys %role;
( my $comment = $desk->{to} ) =~ s/@/-comment@/;

@Queues = ( { Name => 'Support', CorrespondAddress => $desk->{to}, CommentAddress => $comment } );

@Users = map {
    { Name => $_, EmailAddress => "$_\@desk.test", Password => $desk->{passwords}{$_}, Privileged => 1 }
} @names;

@CustomFields = map {
    { Name => $_, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => 'Support' }
} qw(CSAT SyntheticRun SyntheticKey);

sub granted {
    my ( $to, @rights ) = @_;
    return map { { %$to, Right => $_ } } @rights;
}

@ACL = (
    # customers who write e-mail
    granted(
        { GroupDomain => 'SystemInternal', GroupType => 'Everyone', Queue => 'Support' },
        qw(CreateTicket ReplyToTicket SeeQueue)
    ),
    granted(
        { GroupDomain => 'RT::Queue-Role', GroupType => 'Requestor', Queue => 'Support' },
        qw(ShowTicket ReplyToTicket SeeCustomField ModifyCustomField)
    ),
    # the accounts of the load test
    map {
        (
            granted(
                { UserId => $_, Queue => 'Support' },
                qw(SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket
                    OwnTicket TakeTicket StealTicket ReassignTicket DeleteTicket SeeCustomField ModifyCustomField
                    SetInitialCustomField Watch)
            ),
            granted( { UserId => $_ }, qw(ModifySelf ManageAuthTokens AdminUsers) ),
        )
    } @names
);

@Final = (
    sub {
        my %token;
        for my $name (@names) {
            my $user = RT::CurrentUser->new;
            $user->LoadByName($name);
            my ( $ok, $said, $token ) =
                RT::AuthToken->new($user)->Create( Owner => $user->Id, Description => 'load test' );
            die $said unless $ok;
            $token{ $role{$name} } = $token;
        }
        umask 0077;
        open my $file, '>', "$ENV{SIM_DESK}/tokens.new" or die "tokens.new: $!";
        print $file JSON::encode_json( \%token );
        close $file or die "tokens.new: $!";
    }
);

1;
